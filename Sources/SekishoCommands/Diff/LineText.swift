internal import Addressing
internal import ConnectionDiff
internal import ConnectionSpace
internal import Diagnostics

// Lines about connections as people read them.

extension ConnectionLine {
  /// `+ api (6 hosts) → db (3 hosts)  postgres (tcp/5432)  api-to-db, flows.yaml:3`.
  ///
  /// - Parameters:
  ///   - tellsFamily: whether it is said that only one of two families is meant.
  ///   - more: what else there is to say of it.
  func entry(_ mark: Mark, _ sources: Sources, tellsFamily: Bool = true, more: [Entry] = []) -> Entry {
    let family =
      !tellsFamily || !isOfOneFamily ? "" : families[0] == .ipv4 ? ", IPv4 only" : ", IPv6 only"
    let note = [flow, location.map { sources.shownLine($0) }].compactMap { $0 }.joined(separator: ", ")
    var entry = Entry(
      mark, ends: (from.words, to.words), Words("\(serviceWords)\(family)\(isInPart ? ", in part" : "")"),
      note: note,
      below: partEntries(sources) + more)
    entry.outside = (from.isOutside, to.isOutside)
    return entry
  }

  private func partEntries(_ sources: Sources) -> [Entry] {
    let mark: Mark = isInPart ? .only : .except
    let told = toldParts.map { $0.entry(mark, sources) }
    if untoldParts == 0 { return told }
    return told + [Entry(mark, Words(counted(untoldParts, "part more", "parts more")))]
  }

  /// What is asked for, where that is one word.
  var serviceName: String? { service ?? (terms.count == 1 && terms[0].kinds != .any ? serviceWords : nil) }

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
  fileprivate var isOutside: Bool { hosts.isEmpty && !outside.isEmpty }

  /// `api (6 hosts)`.
  fileprivate var words: String {
    hosts.count > 1 && outsideName.isEmpty ? "\(name) (\(hosts.count) hosts)" : name
  }
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
    outside = end.outside.texts
  }
}

/// A line about connections, for programs.
struct LineJSON: Encodable {
  /// Connections of one family, exactly.
  struct Exact: Encodable {
    let protocols: [String]
    /// Ports or types, as first-last; `nil`: all there are, or none are known of the protocol.
    let kinds: [String]?
    /// Addresses, as first-last.
    let from: [String]
    let to: [String]

    private init(_ rectangle: Rectangle, _ protocols: [IPProtocol]) {
      self.protocols = protocols.map { "\($0)" }
      switch rectangle.kinds {
      case .any: kinds = nil
      case .ports(let ports): kinds = ports.ranges.map { "\($0.lowerBound)-\($0.upperBound)" }
      case .types(let types): kinds = types.ranges.map { "\($0.lowerBound)-\($0.upperBound)" }
      }
      from = rectangle.sources.texts
      to = rectangle.destinations.texts
    }

    /// Protocols of which the same is meant are one entry.
    static func all(_ rectangles: [Rectangle]) -> [Self] {
      struct Key: Hashable {
        let from: AddressSet
        let to: AddressSet
        let kinds: Kinds
      }
      var order: [Rectangle] = []
      var protocols: [Key: [IPProtocol]] = [:]
      func key(_ rectangle: Rectangle) -> Key {
        Key(from: rectangle.sources, to: rectangle.destinations, kinds: rectangle.kinds)
      }
      for rectangle in rectangles {
        if protocols[key(rectangle)] == nil { order.append(rectangle) }
        protocols[key(rectangle), default: []].append(rectangle.ipProtocol)
      }
      return order.map { Self($0, protocols[key($0)] ?? []) }
    }
  }

  let from: LineEndJSON
  let to: LineEndJSON
  let service: String?
  let terms: [String]
  let families: [String]
  let flow: String?
  let place: String?
  let scope: String
  /// What the line means is all of these, without the exceptions.
  let exact: [Exact]
  let exceptions: [Exact]

  init(_ line: ConnectionLine, _ sources: Sources) {
    from = LineEndJSON(line.from)
    to = LineEndJSON(line.to)
    service = line.service
    terms = line.terms.map(\.description)
    families = line.families.map { $0 == .ipv4 ? "ipv4" : "ipv6" }
    flow = line.flow
    place = line.location.map { "\(sources.shownPath($0.file)):\($0.line):\($0.column)" }
    scope = line.scope.rawValue
    exact = Exact.all(line.rectangles)
    exceptions = Exact.all(line.exceptions)
  }
}

extension AddressSet {
  /// As first-last.
  fileprivate var texts: [String] {
    AddressFamily.allCases.flatMap { family in
      ranges(family).map { "\(Address(family, $0.lowerBound))-\(Address(family, $0.upperBound))" }
    }
  }
}
