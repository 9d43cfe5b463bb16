internal import Addressing
package import AgentProtocol
internal import Explanation
package import Policy
internal import RulesetShape

/// Says why hosts do not allow what they have recorded: as ``Explanation/PathExplainer`` explains the same connection.
package final class DenialExplainer {
  private let policy: Policy
  private var paths: PathExplainer
  private let now: Timestamp
  /// What services of flows are about, the ports of their answers too; and the ports among it, of all flows and of each.
  private let served: [ServiceTerm]
  private let servedPorts: [IPProtocol: PortSet]
  private let portsOfFlows: [[IPProtocol: PortSet]]
  /// What the inventory has a name for, whether a flow is about it or none.
  private let namedPorts: [IPProtocol: PortSet]
  /// Of each port the number of its class: ports of one class are the same to all flows.
  private let portClasses: [IPProtocol: [UInt16]]
  /// Whom flows about ports of one class join with a host, of those that were asked for.
  private var joined: [HostPorts: AddressSet] = [:]
  private var ownEnds: [HostID: OwnEnd] = [:]
  private let known: AddressSet
  /// What answers may come of.
  private let asking: [Asking]
  private var answered: [Answers: DenialCause?] = [:]
  /// Moments at which flows were open that have ended, the latest first.
  private let earlier: [Timestamp]

  /// So many ends of flows are looked behind.
  private static let mostEnds = 8

  /// A host as an end of what it records.
  private struct OwnEnd {
    let addresses: [Address]
    let first: [AddressFamily: Address]
    /// Whom a flow joins with the host, either way, until whenever.
    let partners: [(flow: Int, addresses: AddressSet)]
  }

  private struct HostPorts: Hashable {
    let host: HostID
    let ipProtocol: IPProtocol
    let portClass: UInt16
  }

  /// A flow whose clients ask from a port of their own.
  private struct Asking {
    let flow: Flow
    let from: AddressSet
    let to: AddressSet
    let terms: [ServiceTerm]
  }

  /// Between whom something looks like an answer; which port it goes to is all the same.
  private struct Answers: Hashable {
    let host: HostID
    let source: Address
    let destination: Address
    let ipProtocol: IPProtocol
  }

  /// - Parameter now: the moment at which flows with an end are judged.
  package init(_ policy: Policy, now: Timestamp) {
    self.policy = policy
    self.now = now
    paths = PathExplainer(policy, HostPolicies(policy))
    func terms(of services: some Collection<ServiceID>) -> [ServiceTerm] {
      services.flatMap { id in
        let service = policy[id]
        let answers = service.replies.map { [ServiceTerm(.udp, .ports($0))] } ?? []
        return service.terms + answers
      }
    }
    served = terms(of: Set(policy.flows.flatMap(\.services)))
    servedPorts = served.ports
    namedPorts = policy.services.flatMap(\.terms).filter(\.isTelling).ports
    portsOfFlows = policy.flows.map { terms(of: $0.services).ports }
    portClasses = Dictionary(grouping: portsOfFlows.joined(), by: \.key).mapValues {
      Self.classes($0.map(\.value))
    }
    asking = policy.flows.flatMap { flow -> [Asking] in
      let terms = flow.services.flatMap { policy[$0].terms }.filter {
        if case .ports = $0.match { true } else { false }
      }
      if terms.isEmpty { return [] }
      return flow.parts.map {
        Asking(flow: flow, from: policy[$0.from].addresses, to: policy[$0.to].addresses, terms: terms)
      }
    }
    known = policy.peers.map(\.addresses).reduce(
      policy.networks.map(\.addresses).reduce(policy.managed) { $0.union($1) }
    ) { $0.union($1) }
    var ends: [Timestamp] = []
    while ends.count < Self.mostEnds {
      let last = ends.last ?? now
      let open = policy.flows.compactMap(\.until).filter { $0 <= now && $0.seconds - 1 < last.seconds }
      guard let end = open.max() else { break }
      ends.append(Timestamp(seconds: end.seconds - 1))
    }
    earlier = ends
  }

  private static func classes(_ sets: [PortSet]) -> [UInt16] {
    let edges = Set(sets.flatMap(\.ranges).flatMap { [Int($0.lowerBound), Int($0.upperBound) + 1] })
    var number: UInt16 = 0
    return (0...Int(UInt16.max)).map { port in
      if port > 0, edges.contains(port) { number += 1 }
      return number
    }
  }

  /// - Parameter mayAnswer: whether it may be an answer: of sessions and sockets it is known who began.
  package func cause(
    of record: Recorded.Record, at host: HostID, _ direction: Direction, mayAnswer: Bool = true
  ) -> DenialCause {
    let own = ownEnd(host)
    if direction != .egress, AddressSet.ipv4InIPv6.contains(record.peer) { return .rule(.disguisedSource) }
    if direction == .ingress, own.addresses.contains(record.peer) { return .rule(.ownAddress) }
    // Which address of its own the host was asked at, or asked from, is not recorded, and no rule asks for it.
    let here = own.first[record.peer.family]
    let ends: (source: Address, destination: Address)
    switch (direction, here, record.destination) {
    case (.forward, _, let destination?) where destination.family == record.peer.family:
      ends = (record.peer, destination)
    case (.ingress, let here?, _): ends = (record.peer, here)
    case (.egress, let here?, _): ends = (here, record.peer)
    case (.forward, _, _): return .noFlow
    case (_, nil, _): return .hasNone(record.peer.family)
    }
    let others = direction == .forward ? [ends.source, ends.destination] : [record.peer]
    let stranger = others.first { !known.contains($0) }
    let unserved = stranger.map { DenialCause.unknown($0) } ?? .noFlow
    // What a scan asks for no flow is about, nearly always.
    let isServed =
      record.port.map { servedPorts[record.ipProtocol]?.contains($0) ?? false }
      ?? served.contains { $0.mayBeAbout(record) }
    guard isServed else {
      let answers = mayAnswer && stranger == nil ? answers(record, ends, host, direction) : nil
      return answers ?? unserved
    }
    // Nor between these, in any family: true of nearly all that is recorded, and found out in a fraction of the time that
    // packets take through rules.
    if let port = record.port, direction != .forward,
      !isJoined(host, with: record.peer, record.ipProtocol, port)
    {
      return unserved
    }
    let connection = Connection(from: ends.source, to: ends.destination, record)
    let path = paths.explain(connection, now: now)
    if let hop = path.hop(host, direction) {
      if hop.isAllowed {
        let flow = hop.flow.map { policy[$0].name }
        guard let flow, record.isOfUnknownMessage else { return .allowed(flow: flow) }
        return .otherMessages(flow: flow)
      }
      if let rule = hop.rule {
        if let flow = rule.endedFlow { return .ended(flow: flow) }
        if let note = RuleNote(rule), !note.isOfEverything { return .rule(note) }
      }
    }
    for moment in earlier {
      if let flow = flow(of: connection, host, direction, moment) { return .ended(flow: flow) }
    }
    let elsewhere = path.hops.first { $0.host != host && $0.isAllowed && $0.flow != nil }
    if let elsewhere, let flow = elsewhere.flow {
      if direction == .forward, path.hop(host, direction) == nil {
        let other = path.gateways.first { $0.isAllowed && $0.flow != nil }
        return other.map { .otherGateway(host: policy[$0.host].name, flow: policy[flow].name) }
          ?? .endsAtGateway(flow: policy[flow].name)
      }
      return .onlyElsewhere(host: policy[elsewhere.host].name, flow: policy[flow].name)
    }
    if stranger != nil { return unserved }
    let back = Connection(from: ends.destination, to: ends.source, record)
    if let flow = flow(of: back, host, direction.reversed, now) { return .otherWay(flow: flow) }
    if let flow = otherFamily(record, ends, host, direction) { return .otherFamily(flow: flow) }
    return .noFlow
  }

  private func ownEnd(_ id: HostID) -> OwnEnd {
    if let known = ownEnds[id] { return known }
    let addresses = policy[id].addresses
    let partners = policy.flows.enumerated().flatMap { index, flow in
      flow.parts.flatMap { part -> [(flow: Int, addresses: AddressSet)] in
        let (from, to) = (policy[part.from].addresses, policy[part.to].addresses)
        var others: [AddressSet] = []
        if addresses.contains(where: from.contains) { others.append(to) }
        if addresses.contains(where: to.contains) { others.append(from) }
        return others.map { (flow: index, addresses: $0) }
      }
    }
    let first = Dictionary(addresses.map { ($0.family, $0) }, uniquingKeysWith: { first, _ in first })
    let own = OwnEnd(addresses: addresses, first: first, partners: partners)
    ownEnds[id] = own
    return own
  }

  /// Whether a flow about a port joins a host with another, either way and in either family.
  private func isJoined(_ id: HostID, with peer: Address, _ ipProtocol: IPProtocol, _ port: UInt16) -> Bool {
    guard let classes = portClasses[ipProtocol] else { return false }
    let ports = HostPorts(host: id, ipProtocol: ipProtocol, portClass: classes[Int(port)])
    let partners: AddressSet
    if let known = joined[ports] {
      partners = known
    } else {
      partners = ownEnd(id).partners.reduce(into: AddressSet()) { all, partner in
        if portsOfFlows[partner.flow][ipProtocol]?.contains(port) ?? false {
          all = all.union(partner.addresses)
        }
      }
      joined[ports] = partners
    }
    if partners.contains(peer) { return true }
    return paths.owner(of: peer).map { policy[$0].addresses.contains(where: partners.contains) } ?? false
  }

  /// The flow that allows a connection at a host.
  private func flow(
    of connection: Connection, _ host: HostID, _ direction: Direction, _ moment: Timestamp
  ) -> String? {
    let hop = paths.explain(connection, now: moment).hop(host, direction)
    return hop.flatMap { $0.isAllowed ? $0.flow : nil }.map { policy[$0].name }
  }

  /// What goes to a client's port, and comes from where a flow lets that client ask. That it does not begin with a SYN cannot
  /// be seen: whatever conntrack picks up of a session half-way gets into the same records, on each side and in each mode.
  private func answers(
    _ record: Recorded.Record, _ ends: (source: Address, destination: Address), _ host: HostID,
    _ direction: Direction
  ) -> DenialCause? {
    guard let port = record.port, clientPorts.contains(port),
      // What has a name is asked for.
      namedPorts[record.ipProtocol]?.contains(port) != true
    else { return nil }
    let key = Answers(
      host: host, source: ends.source, destination: ends.destination, ipProtocol: record.ipProtocol)
    if let known = answered[key] { return known }
    let cause = answers(key, port, direction)
    answered[key] = cause
    return cause
  }

  private func answers(_ key: Answers, _ port: UInt16, _ direction: Direction) -> DenialCause? {
    for asking in asking where asking.from.contains(key.destination) && asking.to.contains(key.source) {
      guard let term = asking.terms.first(where: { $0.ipProtocol == key.ipProtocol }),
        case .ports(let ports) = term.match, let served = ports.ranges.first?.lowerBound
      else { continue }
      let request = Connection(
        from: key.destination, to: key.source, key.ipProtocol, .ports(source: port, destination: served))
      let path = paths.explain(request, now: now)
      guard path.isAllowed else { continue }
      if direction == .forward, path.hop(key.host, .forward) == nil, let other = path.gateways.first {
        return .asymmetric(host: policy[other.host].name, flow: asking.flow.name)
      }
      return .answers(flow: asking.flow.name)
    }
    return nil
  }

  /// The flow that allows the same between two hosts by their addresses of the other family.
  private func otherFamily(
    _ record: Recorded.Record, _ ends: (source: Address, destination: Address), _ host: HostID,
    _ direction: Direction
  ) -> String? {
    guard let source = paths.owner(of: ends.source), let destination = paths.owner(of: ends.destination),
      let other = record.inOtherFamily
    else { return nil }
    let family = ends.source.family
    for one in policy[source].addresses where one.family != family {
      for another in policy[destination].addresses where another.family != family {
        let connection = Connection(from: one, to: another, other)
        if let flow = flow(of: connection, host, direction, now) { return flow }
      }
    }
    return nil
  }
}
