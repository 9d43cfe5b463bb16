internal import ConnectionDiff
internal import Diagnostics
internal import Operations
internal import Rollout

// The steps in which hosts change, as a chapter.

extension Rollout {
  /// - Parameter meaning: what the whole change means; `nil`: not known.
  func chapters(_ meaning: ChangeMeaning?) -> [Chapter] {
    if steps.isEmpty { return [] }
    let entries = steps.enumerated().map { number, step in
      Entry(
        .number(number + 1), Words("\(step.words(meaning)): \(counted(step.changes.count, "host"))", .strong),
        below: step.order)
    }
    let title =
      steps.count == 1
      ? "One step"
      : "Steps: what opens, opens on all hosts before anything closes, so that nothing is cut that stays"
    let rest =
      leftAlone.isEmpty
      ? [] : [Entry(nil, Words("the rules of \(listed(leftAlone)) stay: only the old side has these hosts"))]
    return [Chapter(.facts, Words(title, .strong), entries + rest)]
  }
}

extension RolloutStep {
  /// `opens 3 lines (dns, https)`.
  fileprivate func words(_ meaning: ChangeMeaning?) -> String {
    let verb = opens ? "opens" : closes ? "closes" : "changes rules that allow the same"
    guard opens || closes, let diff = meaning?.diff else { return verb }
    let lines = opens ? diff.opened : diff.closed
    if lines.isEmpty { return verb }
    let services = Set(lines.compactMap(\.serviceName)).sorted()
    return "\(verb) \(counted(lines.count, "line"))" + (services.isEmpty ? "" : " (\(listed(services)))")
  }

  /// The hosts in their order, those of one part together.
  fileprivate var order: [Entry] {
    var parts: [(part: Part, hosts: [String])] = []
    for change in changes {
      if parts.last?.part == change.part {
        parts[parts.count - 1].hosts.append(change.host)
      } else {
        parts.append((change.part, [change.host]))
      }
    }
    return parts.enumerated().map { number, part in
      Entry(
        nil, Words("\(number == 0 ? "" : "then ")\(part.part.words) \(listed(part.hosts))"))
    }
  }
}

extension RolloutStep.Part {
  fileprivate var words: String {
    switch self {
    case .receiver: "those asked:"
    case .gateway: "gateways:"
    case .both: "those that ask and are asked:"
    case .sender: "those that ask:"
    case .other: "the rest:"
    }
  }
}

/// A step, as programs read it.
struct RolloutJSON: Encodable {
  struct Host: Encodable {
    let host: String
    let part: String
  }

  let opens: Bool
  let closes: Bool
  let hosts: [Host]

  init(_ step: RolloutStep) {
    (opens, closes) = (step.opens, step.closes)
    hosts = step.changes.map { Host(host: $0.host, part: $0.part.rawValue) }
  }
}
