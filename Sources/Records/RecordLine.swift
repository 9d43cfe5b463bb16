internal import Addressing
internal import AgentProtocol
package import Policy

/// By what recorded connections are gathered.
package enum RecordGrouping: String, Hashable, Sendable, CaseIterable {
  /// By source, destination and service; a scan is one line.
  case connection
  case source
  case service
  /// By destination.
  case host
}

/// What is told of some recorded connections in one line.
package struct RecordLine: Sendable {
  /// How much there is of something that has no place of its own in the line.
  package struct Extent: Sendable {
    package let sources: Int
    package let destinations: Int
    /// Whether every destination is a host that is known.
    package let areHosts: Bool
    /// Ports, where all that was asked for has one; else protocols and messages are among them.
    package let services: Int
    package let arePorts: Bool
    /// The ports, where there are few.
    let ports: [UInt16]
    /// What was asked for, if that was one thing.
    package let service: String?
    package let destination: String?
    package let source: String?
  }

  /// What the line is about.
  package enum Subject: Sendable {
    case connection(source: String, destination: String, service: String)
    /// One source that wanted a great many things, or from a great many.
    case scan(source: String)
    case source(String)
    case service(String)
    case host(String)
  }

  package let direction: Direction
  package let subject: Subject
  package let extent: Extent
  /// The hosts that have recorded it, ascending.
  package let hosts: [String]
  package let packets: UInt64
  /// Seconds since the last packet.
  package let age: Int
  /// Seconds since the first; `nil`: it is not known of all.
  package let firstAge: Int?
  /// Whether all of it is of a time in which the host denied what it only observes, or the reverse.
  package let isInOtherMode: Bool
  /// `nil`: none is known, or not all have one.
  package let cause: DenialCause?
  /// Whether all of it looks like answers.
  private let isOfAnswers: Bool

  /// From so many ports or destinations on that one source wants it is a scan.
  package static let fewestOfScan = 10

  /// Lines over connections, the most recent first.
  package static func lines(
    over connections: [RecordedConnection], by grouping: RecordGrouping = .connection
  ) -> [Self] {
    var lines: [Self] = []
    let byDirection = Dictionary(grouping: connections, by: \.direction)
    for direction in Direction.allCases {
      guard let some = byDirection[direction] else { continue }
      switch grouping {
      case .connection: lines += gathered(some, direction)
      case .source: lines += groups(of: some, direction, by: { $0.source.text }) { .source($0.source.text) }
      case .service: lines += groups(of: some, direction, by: { $0.service }) { .service($0.service) }
      case .host:
        lines += groups(of: some, direction, by: { $0.destination.text }) { .host($0.destination.text) }
      }
    }
    let places = Dictionary(lines.map { ($0.place, $0) }, uniquingKeysWith: { first, _ in first })
    return places.keys.sorted().compactMap { places[$0] }
  }

  /// By connection, except what one source wanted of many.
  private static func gathered(_ connections: [RecordedConnection], _ direction: Direction) -> [Self] {
    // Whoever answers late, to many ports, scans nobody.
    if connections.contains(where: \.isOfAnswers) {
      let answers = connections.filter(\.isOfAnswers)
      let others = connections.filter { !$0.isOfAnswers }
      return each(answers, direction) + gathered(others, direction)
    }
    return Dictionary(grouping: connections, by: \.source.key).values.flatMap { some -> [Self] in
      let source = some[0].source.text
      // What a flow is about may be no part of the scan, and is told beside it.
      let strange = some.filter { $0.cause?.flow == nil }
      if isScan(strange), strange.count < some.count {
        let others = some.filter { $0.cause?.flow != nil }
        if !isScan(others) {
          return [Self(.scan(source: source), strange, direction)] + each(others, direction)
        }
      }
      return isScan(some) ? [Self(.scan(source: source), some, direction)] : each(some, direction)
    }
  }

  private static func isScan(_ connections: [RecordedConnection]) -> Bool {
    if connections.count < fewestOfScan { return false }
    // The first few of a scan show it already.
    for part in [connections.prefix(4 * fewestOfScan), connections[...]] {
      let extent = Extent(part)
      if max(extent.services, extent.destinations) >= fewestOfScan { return true }
    }
    return false
  }

  /// Names stand for all addresses of a host, of which each may have a cause of its own.
  private static func each(_ connections: [RecordedConnection], _ direction: Direction) -> [Self] {
    groups(of: connections, direction) { one in
      // No name has such a character.
      [one.source.text, one.destination.text, one.service, one.cause?.words ?? ""].joined(separator: "\n")
    } subject: { one in
      .connection(source: one.source.text, destination: one.destination.text, service: one.service)
    }
  }

  /// A line over all connections of one key, which have one subject.
  private static func groups(
    of connections: [RecordedConnection], _ direction: Direction, by key: (RecordedConnection) -> String,
    subject: (RecordedConnection) -> Subject
  ) -> [Self] {
    Dictionary(grouping: connections, by: key).values.map { Self(subject($0[0]), $0, direction) }
  }

  /// - Parameter connections: one at least.
  private init(_ subject: Subject, _ connections: [RecordedConnection], _ direction: Direction) {
    self.direction = direction
    self.subject = subject
    extent = Extent(connections)
    hosts = Set(connections.map(\.host)).sorted()
    packets = connections.reduce(0) { sum, one in
      let (total, isTooMuch) = sum.addingReportingOverflow(one.packets)
      return isTooMuch ? .max : total
    }
    age = connections.map(\.age).min() ?? 0
    let first = connections.compactMap(\.firstAge)
    firstAge = first.count == connections.count ? first.max() : nil
    isInOtherMode = connections.allSatisfy { $0.inOtherMode == .everything }
    let reason = connections.first?.cause
    cause = connections.allSatisfy { $0.cause == reason } ? reason : nil
    isOfAnswers = connections.allSatisfy(\.isOfAnswers)
  }

  /// Its place among others, each of which has one of its own: numbers stand as letters that are in their order.
  private var place: String {
    let order = Direction.allCases.firstIndex(of: direction) ?? 0
    let numbers = [UInt64(order), UInt64(clamping: age), UInt64.max - packets].map { number in
      let digits = String(number, radix: 16)
      return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
    return (numbers + [words, cause?.words ?? ""]).joined(separator: "\n")
  }

  /// Whether the inventory allows it.
  package var isAllowed: Bool { if case .allowed? = cause { true } else { false } }

  package var isScan: Bool { if case .scan = subject { true } else { false } }

  /// `web-1 → db-1  postgres`, `10.0.0.66  scan: 40 ports of 3 hosts`.
  package var words: String {
    switch subject {
    case .connection(let source, let destination, let service):
      "\(source) → \(destination)  \(service)\(ports)"
    case .scan(let source): "\(source)  scan: \(extent.wanted)"
    case .source(let source): "\(source) → \(extent.wanted)"
    case .service(let service): "\(service)\(ports)  \(extent.askers) → \(extent.asked)"
    case .host(let host): "\(extent.askers) → \(host)  \(extent.kinds)"
    }
  }

  /// Where answers go: a port that somebody listens at may be among them.
  private var ports: String {
    if !isOfAnswers { return "" }
    if extent.ports.isEmpty { return " to \(extent.services) ports" }
    let few = extent.ports.map { "\($0)" }.joined(separator: ", ")
    return " to \(extent.ports.count == 1 ? "port" : "ports") \(few)"
  }
}

extension RecordLine.Extent {
  /// So many ports are told one by one.
  private static let mostPorts = 5

  fileprivate init(_ connections: some Collection<RecordedConnection>) {
    var (sources, destinations): (Set<RecordedConnection.End.Key>, Set<RecordedConnection.End.Key>) = ([], [])
    // A port is counted once, whatever it is called.
    var kinds: Set<Int> = []
    for connection in connections {
      sources.insert(connection.source.key)
      destinations.insert(connection.destination.key)
      let record = connection.record
      let kind = record.port.map { Int($0) } ?? record.type.map { Int($0) } ?? -1
      kinds.insert((Int(record.ipProtocol.rawValue) << 20) + kind)
    }
    self.sources = sources.count
    self.destinations = destinations.count
    areHosts = connections.allSatisfy { $0.destination.host != nil }
    self.services = kinds.count
    arePorts = connections.allSatisfy { $0.record.port != nil }
    let first = connections.first
    service = kinds.count == 1 ? first?.serviceAlone : nil
    let isFew = arePorts && kinds.count <= Self.mostPorts
    ports = isFew ? kinds.map { UInt16(truncatingIfNeeded: $0) }.sorted() : []
    destination = destinations.count == 1 ? first?.destination.text : nil
    source = sources.count == 1 ? first?.source.text : nil
  }

  /// `40 ports`, or the only one.
  fileprivate var kinds: String {
    service ?? Self.counted(services, arePorts ? "port" : "service")
  }

  /// `3 hosts`, or the only one.
  fileprivate var asked: String { destination ?? Self.counted(destinations, areHosts ? "host" : "address") }

  /// `7 sources`, or the only one.
  fileprivate var askers: String { source ?? Self.counted(sources, "source") }

  /// `40 ports of 3 hosts`.
  fileprivate var wanted: String { "\(kinds) of \(asked)" }

  private static func counted(_ count: Int, _ one: String) -> String {
    count == 1 ? "1 \(one)" : "\(count) \(one)\(one.hasSuffix("s") ? "es" : "s")"
  }
}
