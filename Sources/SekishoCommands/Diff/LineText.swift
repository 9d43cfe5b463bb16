internal import Addressing
internal import ConnectionDiff
internal import ConnectionSpace
internal import Diagnostics

// Lines about connections as people read them.

extension ConnectionLine {
  /// `+ api (6 hosts) → db (3 hosts)  postgres (tcp/5432)  api-to-db, flows.yaml:3`.
  func entry(_ mark: Mark, _ sources: Sources) -> Entry {
    let family = isOfOneFamily ? (families[0] == .ipv4 ? ", IPv4 only" : ", IPv6 only") : ""
    let except =
      exceptions == 0 ? "" : ", but for \(exceptions) \(exceptions == 1 ? "part" : "parts") of that"
    let note = [flow, location.map { sources.shownLine($0) }].compactMap { $0 }.joined(separator: ", ")
    return Entry(
      mark, ends: (from.words, to.words), Words("\(serviceWords)\(family)\(except)"), note: note)
  }

  /// `postgres (tcp/5432)`; protocols that nobody names are counted.
  private var serviceWords: String {
    if terms.count > UInt8.max, terms.allSatisfy({ $0.kinds == .any }) { return "everything" }
    let isShort = terms.count <= 8
    let told = terms.filter { isShort || $0.kinds != .any || $0.ipProtocol.isUsual(families) }
    var words = told.map(\.description)
    let others = terms.count - words.count
    if others > 0 { words.append(others == 1 ? "1 other protocol" : "\(others) other protocols") }
    let text = words.joined(separator: ", ")
    return service.map { "\($0) (\(text))" } ?? text
  }
}

extension Sources {
  /// `inventory/flows.yaml:3`.
  func shownLine(_ location: SourceLocation) -> String { "\(shownPath(location.file)):\(location.line)" }
}

extension LineEnd {
  /// `api (6 hosts)`.
  fileprivate var words: String { hosts.count > 1 ? "\(name) (\(hosts.count) hosts)" : name }
}

extension IPProtocol {
  /// Whether people expect to read of it.
  fileprivate func isUsual(_ families: [AddressFamily]) -> Bool {
    switch self {
    case .tcp, .udp: true
    case .icmp: families.contains(.ipv4)
    case .icmpv6: families.contains(.ipv6)
    default: false
    }
  }
}

/// One end of a line, for programs.
struct LineEndJSON: Encodable {
  let name: String
  let hosts: [String]
  /// Addresses that no managed host has, as first-last.
  let outside: [String]

  init(_ end: LineEnd) {
    name = end.name
    hosts = end.hosts
    outside = AddressFamily.allCases.flatMap { family in
      end.outside.ranges(family).map {
        "\(Address(family, $0.lowerBound))-\(Address(family, $0.upperBound))"
      }
    }
  }
}

/// A line about connections, for programs.
struct LineJSON: Encodable {
  let from: LineEndJSON
  let to: LineEndJSON
  let service: String?
  let terms: [String]
  let families: [String]
  let flow: String?
  let place: String?
  let scope: String
  let exceptions: Int

  init(_ line: ConnectionLine, _ sources: Sources) {
    from = LineEndJSON(line.from)
    to = LineEndJSON(line.to)
    service = line.service
    terms = line.terms.map(\.description)
    families = line.families.map { $0 == .ipv4 ? "ipv4" : "ipv6" }
    flow = line.flow
    place = line.location.map { "\(sources.shownPath($0.file)):\($0.line):\($0.column)" }
    scope = line.scope.rawValue
    exceptions = line.exceptions
  }
}
