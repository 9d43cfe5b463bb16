package import Addressing
internal import Nftables
package import Policy
internal import RulesetCompiler
internal import RulesetShape

/// Answers who allows or denies a connection by sending its first packet through the compiled rulesets.
///
/// Each distinct ruleset is compiled once, when it is first needed.
package struct PathExplainer: Sendable {
  private let policy: Policy
  private let policies: HostPolicies
  private let compiler: RulesetCompiler
  private let owners: Owners
  private let flows: [String: FlowID]
  private let gateways: [(host: HostID, areas: [AreaPair])]
  private var judges: [Judge?]

  package init(_ policy: Policy, _ policies: HostPolicies) {
    let policies = policies.unlogged
    self.policy = policy
    self.policies = policies
    compiler = RulesetCompiler(policy, policies)
    owners = Owners(policy)
    flows = Dictionary(uniqueKeysWithValues: policy.flows.enumerated().map { ($1.name, FlowID($0)) })
    gateways = policy.hosts.enumerated().compactMap { index, host in
      policy.areas(of: host).map { (HostID(index), $0) }
    }
    judges = Array(repeating: nil, count: policies.distinct.count)
  }

  /// The host that has an address; a virtual one is nobody's own.
  package func owner(of address: Address) -> HostID? { owners.own[address] }

  /// Follows a connection from end to end at a moment.
  ///
  /// - Parameter sender: the host that sends it, where that is known of a virtual address.
  package mutating func explain(_ connection: Connection, from sender: HostID? = nil, now: Timestamp)
    -> PathExplanation
  {
    let ends = Ends(connection, from: sender, owners)
    if ends.isLoopback {
      return .loopback
    }
    return PathExplanation(
      departures: ends.sources.map { judge(connection, at: $0, .egress, now) },
      gateways: between(ends, connection).map { judge(connection, at: $0, .forward, now) },
      arrivals: ends.destinations.map { judge(connection, at: $0, .ingress, now) }, isLoopback: false)
  }

  /// What gateways would say that stand beside both ends and have no route between them.
  package mutating func beside(_ connection: Connection, now: Timestamp) -> [Hop] {
    policy.gatewaysBeside(connection.source, connection.destination).map {
      judge(connection, at: $0, .forward, now)
    }
  }

  /// Whether it is allowed from end to end: ``PathExplanation/isAllowed`` without what is said of the hops.
  package mutating func allows(_ connection: Connection, from sender: HostID? = nil, now: Timestamp) -> Bool {
    let ends = Ends(connection, from: sender, owners)
    if ends.isLoopback { return true }
    for source in ends.sources where !allows(connection, at: source, .egress, now) { return false }
    for destination in ends.destinations where !allows(connection, at: destination, .ingress, now) {
      return false
    }
    let gateways = between(ends, connection)
    for gateway in gateways where allows(connection, at: gateway, .forward, now) { return true }
    return gateways.isEmpty && ends.isManaged
  }

  private mutating func allows(
    _ connection: Connection, at host: HostID, _ direction: Direction, _ now: Timestamp
  ) -> Bool { evaluate(connection, at: host, direction, now).verdict == .accept }

  /// The gateways that have a route between the ends of a connection; each of them may forward it.
  private func between(_ ends: Ends, _ connection: Connection) -> [HostID] {
    var result: [HostID] = []
    for (gateway, areas) in gateways where !ends.areOnly(gateway) {
      if areas.contains(where: { $0.joins(connection.source, connection.destination) }) {
        result.append(gateway)
      }
    }
    return result
  }

  private mutating func judge(
    _ connection: Connection, at id: HostID, _ direction: Direction, _ now: Timestamp
  ) -> Hop {
    let result = evaluate(connection, at: id, direction, now)
    let tables = judge(of: id)
    let isAllowed = result.verdict == .accept
    let isLeft = policy[id].modes[direction] == .leave
    var place = result.ledBy
    var rule = place.flatMap { tables.enforced.chain($0.chain)?.rules[$0.index] }
    if rule?.comment == nil {
      place = result.decidedBy
      rule = place.flatMap { place in
        (isLeft ? tables.enforced : tables.shown).chain(place.chain).flatMap {
          place.index < $0.rules.count ? $0.rules[place.index] : nil
        }
      }
    }
    if isLeft {
      // The host has no such rule.
      let flow = isAllowed ? rule?.comment.flatMap { flows[$0] } : nil
      return Hop(
        host: id, direction: direction, isAllowed: isAllowed, flow: flow, rule: nil, place: nil, mode: .leave)
    }
    return Hop(
      host: id, direction: direction, isAllowed: isAllowed,
      flow: isAllowed ? rule?.comment.flatMap { flows[$0] } : nil, rule: rule, place: place,
      mode: policy[id].modes[direction])
  }

  private mutating func evaluate(
    _ connection: Connection, at id: HostID, _ direction: Direction, _ now: Timestamp
  ) -> Evaluation {
    var packet = connection.firstPacket(direction)
    packet.time = UInt64(max(0, now.seconds)) &* 1_000_000_000
    packet.localAddresses = policy.hosts[id.index].addresses
    // Whoever sends it carries its source then, and whoever gets it its destination.
    switch direction {
    case .egress where owners.carriers[connection.source] != nil:
      packet.localAddresses.append(connection.source)
    case .ingress where owners.carriers[connection.destination] != nil:
      packet.localAddresses.append(connection.destination)
    case .egress, .ingress, .forward: break
    }
    return judge(of: id).evaluator.evaluate(packet, at: Side(direction).hook)
  }

  /// The host's ruleset as it denies: what observe mode lets pass is still denied by the policy.
  private mutating func judge(of id: HostID) -> Judge {
    let index = policies.assignment[id.index]
    if let known = judges[index] { return known }
    let host = policies.distinct[index]
    let judge = Judge(compiler.compile(host.enforced), shown: compiler.compile(host))
    judges[index] = judge
    return judge
  }
}

/// Which hosts have, or may have, an address.
private struct Owners {
  let own: [Address: HostID]
  /// Of virtual addresses.
  let carriers: [Address: [HostID]]

  init(_ policy: Policy) {
    own = policy.owners
    carriers = Dictionary(
      policy.virtuals.flatMap { virtual in virtual.addresses.map { ($0, virtual.carriers) } },
      uniquingKeysWith: { first, _ in first })
  }

  subscript(address: Address) -> [HostID] { own[address].map { [$0] } ?? carriers[address] ?? [] }
}

/// The managed hosts at the ends of a connection: several where any of them may carry a virtual address.
private struct Ends {
  let sources: [HostID]
  let destinations: [HostID]
  let isLoopback: Bool

  init(_ connection: Connection, from sender: HostID?, _ owners: Owners) {
    let sources = sender.map { [$0] } ?? owners[connection.source]
    let destinations = owners[connection.destination]
    let isSame =
      sources.count == 1 && sources == destinations
      || !sources.isEmpty && connection.source == connection.destination
    isLoopback = isSame
    // A host that is one end for certain does not carry the other where that is a connection.
    self.sources =
      destinations.count == 1 && !isSame ? sources.filter { $0 != destinations[0] } : sources
    self.destinations =
      sources.count == 1 && !isSame ? destinations.filter { $0 != sources[0] } : destinations
  }

  var isManaged: Bool { !sources.isEmpty || !destinations.isEmpty }

  /// Whether a host is an end in any case: what it sends and receives itself it does not forward.
  func areOnly(_ host: HostID) -> Bool { sources == [host] || destinations == [host] }
}

/// A table, and what evaluates it.
private final class Judge: Sendable {
  let enforced: Table
  /// What the host has: behind the base chains the same rules at the same places, of which those that only observe
  /// end otherwise.
  let shown: Table
  let evaluator: Evaluator

  init(_ table: Table, shown: Table) {
    enforced = table
    self.shown = shown
    evaluator = Evaluator(table.withNobodyCut)
  }
}

extension Connection {
  /// The packet that would begin the connection, as one direction's rules see it; the interface is any
  /// that is not the loopback.
  fileprivate func firstPacket(_ direction: Direction) -> Packet {
    let header: [UInt8] =
      switch kind {
      case .ports(let source, let destination):
        Packet.transportHeader(ipProtocol, source: source, destination: destination)
      case .type(let type): [type, 0, 0, 0, 0, 0, 0, 0]
      case .plain: [0, 0, 0, 0, 0, 0, 0, 0]
      }
    return Packet(
      from: source, to: destination, ipProtocol, transport: header,
      inputInterface: direction == .egress ? nil : Packet.loopback + 1,
      outputInterface: direction == .ingress ? nil : Packet.loopback + 1)
  }
}
