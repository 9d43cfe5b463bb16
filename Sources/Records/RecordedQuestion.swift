internal import Addressing
internal import AgentProtocol
internal import Explanation
internal import Policy

extension [ServiceTerm] {
  /// The ports among them.
  var ports: [IPProtocol: PortSet] {
    reduce(into: [:]) { ports, term in
      if case .ports(let some) = term.match {
        ports[term.ipProtocol] = ports[term.ipProtocol].map { $0.union(some) } ?? some
      }
    }
  }
}

extension ServiceTerm {
  /// Whether something like it is of the term, in either family; which message it was is left aside.
  func mayBeAbout(_ record: Recorded.Record) -> Bool {
    if case .ports(let ports) = match {
      return ipProtocol == record.ipProtocol && record.port.map { ports.contains($0) } ?? false
    }
    return ipProtocol == record.ipProtocol
      || record.isOfMessages && (ipProtocol == .icmp || ipProtocol == .icmpv6)
  }
}

extension PathExplanation {
  func hop(_ host: HostID, _ direction: Direction) -> Hop? {
    hops.first { $0.host == host && $0.direction == direction }
  }
}

extension Direction {
  var reversed: Self {
    switch self {
    case .ingress: .egress
    case .egress: .ingress
    case .forward: .forward
    }
  }
}

extension Connection {
  /// What would begin what was recorded, between ends of one family; of messages whose type is not recorded, an echo
  /// request.
  init(from source: Address, to destination: Address, _ record: Recorded.Record) {
    let kind: Kind =
      if let port = record.port {
        .ports(source: 49152, destination: port)
      } else if record.isOfMessages {
        .type(record.type ?? (record.ipProtocol == .icmp ? 8 : 128))
      } else {
        .plain
      }
    self.init(from: source, to: destination, record.ipProtocol, kind)
  }
}

extension Recorded.Record {
  var isOfMessages: Bool { ipProtocol == .icmp || ipProtocol == .icmpv6 }
  var isOfUnknownMessage: Bool { isOfMessages && type == nil }

  /// The same as the other family has it: an echo request and its answer have other numbers there, and no other message is
  /// looked for.
  var inOtherFamily: Self? {
    guard isOfMessages else { return self }
    let types: [(icmp: UInt8, icmpv6: UInt8)] = [(8, 128), (0, 129)]
    let isICMP = ipProtocol == .icmp
    let own = type ?? (isICMP ? 8 : 128)
    guard let pair = types.first(where: { (isICMP ? $0.icmp : $0.icmpv6) == own }) else { return nil }
    return Self(
      peer: peer, destination: destination, ipProtocol: isICMP ? .icmpv6 : .icmp, port: nil,
      type: isICMP ? pair.icmpv6 : pair.icmp)
  }
}
