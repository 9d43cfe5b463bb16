package import Addressing
package import AgentProtocol
package import Policy

/// Something that a host has recorded, with the names of an inventory: one object, since a million of them are sorted into
/// groups time and again.
package final class RecordedConnection: Sendable {
  /// One end of it.
  package struct End: Sendable {
    /// The host that has it; `nil`: none that is known.
    package let host: String?
    /// `nil`: one of the host's own, which is not recorded.
    package let address: Address?

    package init(host: String?, address: Address?) {
      self.host = host
      self.address = address
    }

    /// The host, else the address.
    package var text: String { host ?? address.map { "\($0)" } ?? "" }

    /// What is equal where ``text`` is, without a text being made.
    enum Key: Hashable {
      case host(String)
      case address(Address?)
    }

    var key: Key { host.map { .host($0) } ?? .address(address) }
  }

  /// The host that has recorded it.
  package let host: String
  /// How it came to that host.
  package let direction: Direction
  package let source: End
  package let destination: End
  package let record: Recorded.Record
  /// The narrowest service of the inventory that is about it; `nil`: none, or one whose name says less than the port.
  package let namedService: String?
  package let packets: UInt64
  package let bytes: UInt64
  /// Seconds since the last packet.
  package let age: Int
  /// Seconds since the first; `nil`: it is not known.
  package let firstAge: Int?
  /// How much of it is of a time in which the host denied what it only observes, or the reverse.
  package let inOtherMode: InOtherMode
  /// `nil`: there is no inventory to tell.
  package let cause: DenialCause?

  fileprivate init(
    _ entry: RecordList.Entry, host: String, _ direction: Direction, source: End, destination: End,
    namedService: String?, _ inOtherMode: InOtherMode, _ cause: DenialCause?
  ) {
    (self.host, self.direction, self.source, self.destination) = (host, direction, source, destination)
    (record, packets, bytes) = (entry.record, entry.packets, entry.bytes)
    (age, firstAge) = (entry.age, entry.firstAge)
    (self.namedService, self.inOtherMode, self.cause) = (namedService, inOtherMode, cause)
  }

  /// The same for another reason.
  init(_ other: RecordedConnection, because cause: DenialCause) {
    (host, direction, source, destination) = (other.host, other.direction, other.source, other.destination)
    (record, namedService) = (other.record, other.namedService)
    (packets, bytes, age, firstAge) = (other.packets, other.bytes, other.age, other.firstAge)
    (inOtherMode, self.cause) = (other.inOtherMode, cause)
  }

  /// How much of something.
  package enum InOtherMode: Sendable {
    /// As far as anybody knows.
    case nothing
    case perhaps
    case everything
  }

  /// `postgres`, else `tcp/5432`, `icmp`, `icmpv6/echo-request`; `tcp answers`, to whichever ports.
  package var service: String { isOfAnswers ? "\(record.ipProtocol) answers" : serviceAlone }

  /// The same of it alone, which has one port: `tcp/40000`, whatever it looks like.
  package var serviceAlone: String { namedService ?? serviceByNumber }

  /// Whether it looks like answers.
  var isOfAnswers: Bool { cause?.isOfAnswers == true }

  /// The same without the name of a service.
  package var serviceByNumber: String {
    record.ipProtocol.text(port: record.port, type: record.type, record.peer.family)
  }
}

/// Finds out whose connections hosts have recorded, and why they are not allowed.
package final class RecordReader {
  private let names: [Address: String]
  private let policy: Policy?
  private let explainer: DenialExplainer?
  /// The terms of services whose name tells more than a port does.
  private let services: [(term: ServiceTerm, name: String)]
  /// Names that were looked for.
  private var known: [Asked: String?] = [:]

  /// What a service may be about.
  private struct Asked: Hashable {
    let ipProtocol: IPProtocol
    let port: UInt16?
    let type: UInt8?
  }

  /// - Parameters:
  ///   - names: the hosts that have addresses.
  ///   - policy: `nil`: there is none, so that neither services have names nor anything a cause.
  ///   - now: the moment at which flows with an end are judged.
  package init(names: [Address: String], policy: Policy?, now: Timestamp) {
    self.names = names
    self.policy = policy
    explainer = policy.map { DenialExplainer($0, now: now) }
    services = (policy?.services ?? []).flatMap { service in
      service.terms.filter(\.isTelling).map { (term: $0, name: service.name) }
    }
  }

  /// The connections of one direction of a host, in their order.
  ///
  /// - Parameter seconds: leaves out what was seen last before so many; `nil`: nothing.
  package func connections(
    _ recorded: RecordList.Direction, at host: String, since seconds: Int? = nil
  ) -> [RecordedConnection] {
    connections(recorded, at: host, since: seconds, mayAnswer: true)
  }

  private func connections(
    _ recorded: RecordList.Direction, at host: String, since seconds: Int? = nil, mayAnswer: Bool
  ) -> [RecordedConnection] {
    let direction = recorded.hook.policyDirection
    let id = policy?.host(named: host)
    var result: [RecordedConnection] = []
    for entry in recorded.entries where seconds.map({ entry.age <= $0 }) ?? true {
      let peer = end(entry.record.peer)
      let other = entry.record.destination.map { end($0) } ?? RecordedConnection.End(host: host, address: nil)
      result.append(
        RecordedConnection(
          entry, host: host, direction, source: direction == .egress ? other : peer,
          destination: direction == .egress ? peer : other, namedService: name(of: entry.record),
          entry.inOtherMode(recorded.inMode),
          id.flatMap { explainer?.cause(of: entry.record, at: $0, direction, mayAnswer: mayAnswer) }))
    }
    return result
  }

  /// The connections of those who speak in one direction of a host; packets are sessions, and none is an answer.
  package func connections(_ direction: PeerList.Direction, at host: String) -> [RecordedConnection] {
    let entries = direction.peers.map { RecordList.Entry($0.record, packets: $0.sessions, bytes: 0, age: 0) }
    return connections(
      RecordList.Direction(
        hook: direction.hook, mode: .observe, memory: 0, isFull: false, entries: entries, untold: 0),
      at: host, mayAnswer: false)
  }

  private func end(_ address: Address) -> RecordedConnection.End {
    RecordedConnection.End(host: names[address], address: address)
  }

  private func name(of record: Recorded.Record) -> String? {
    let asked = Asked(ipProtocol: record.ipProtocol, port: record.port, type: record.type)
    if let name = known[asked] { return name }
    let name = name(of: asked)
    known[asked] = .some(name)
    return name
  }

  /// That of the narrowest service that is about something, the first of those that are as narrow.
  private func name(of record: Asked) -> String? {
    var narrowest: (width: Int, name: String)?
    for (term, name) in services where term.ipProtocol == record.ipProtocol {
      let isMeant =
        switch term.match {
        case .any: true
        case .ports(let ports): record.port.map { ports.contains($0) } ?? false
        case .types(let types): record.type.map { types.contains($0) } ?? false
        }
      if isMeant, term.match.width < narrowest?.width ?? .max { narrowest = (term.match.width, name) }
    }
    return narrowest?.name
  }
}

extension RecordList.Entry {
  /// - Parameter inMode: for how many seconds the mode has been what it is.
  fileprivate func inOtherMode(_ inMode: Int?) -> RecordedConnection.InOtherMode {
    guard let inMode else { return .nothing }
    if age > inMode { return .everything }
    return firstAge.map { $0 < inMode } ?? false ? .nothing : .perhaps
  }
}

extension DirectionStatus.Direction {
  /// What a policy calls it.
  package var policyDirection: Direction {
    switch self {
    case .input: .ingress
    case .output: .egress
    case .forward: .forward
    }
  }
}

extension ServiceTerm {
  /// Whether the name of its service tells more than a port does.
  var isTelling: Bool { match.width <= 256 }
}

extension ServiceMatch {
  /// How many ports or types it has.
  fileprivate var width: Int {
    switch self {
    case .any: 0
    case .ports(let ports): ports.ranges.reduce(0) { $0 + $1.count }
    case .types(let types): types.ranges.reduce(0) { $0 + $1.count }
    }
  }
}
