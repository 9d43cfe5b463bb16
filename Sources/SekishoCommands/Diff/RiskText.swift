internal import ConnectionDiff
internal import Diagnostics

// Risks as people and programs read them.

extension Risk {
  /// `! w opens from internet, outside the inventory`.
  func entry(_ sources: Sources) -> Entry {
    Entry(
      .risk, Words("\(flow.map { "\($0) " } ?? "")\(message)"),
      note: location.map { sources.shownLine($0) } ?? "")
  }
}

struct RiskJSON: Encodable {
  let kind: String
  let message: String
  let flow: String?
  let place: String?

  init(_ risk: Risk, _ sources: Sources) {
    kind = risk.kind.rawValue
    message = risk.message
    flow = risk.flow
    place = risk.location.map { "\(sources.shownPath($0.file)):\($0.line):\($0.column)" }
  }
}
