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
  private let owners: [Address: HostID]
  private let flows: [String: FlowID]
  private let gateways: [(host: HostID, areas: [AreaPair])]
  private var judges: [Judge?]

  package init(_ policy: Policy, _ policies: HostPolicies) {
    let policies = policies.unlogged
    self.policy = policy
    self.policies = policies
    compiler = RulesetCompiler(policy, policies)
    owners = policy.owners
    flows = Dictionary(uniqueKeysWithValues: policy.flows.enumerated().map { ($1.name, FlowID($0)) })
    gateways = policy.hosts.enumerated().compactMap { index, host in
      policy.areas(of: host).map { (HostID(index), $0) }
    }
    judges = Array(repeating: nil, count: policies.distinct.count)
  }

  /// The host that has an address.
  package func owner(of address: Address) -> HostID? { owners[address] }

  /// Follows a connection from end to end at a moment.
  package mutating func explain(_ connection: Connection, now: Timestamp) -> PathExplanation {
    let ends = Ends(connection, owners)
    if ends.isLoopback {
      return .loopback
    }
    var departure: Hop?
    var arrival: Hop?
    if let source = ends.source { departure = judge(connection, at: source, .egress, now) }
    let through = between(ends, connection).map { judge(connection, at: $0, .forward, now) }
    if let destination = ends.destination { arrival = judge(connection, at: destination, .ingress, now) }
    return PathExplanation(departure: departure, gateways: through, arrival: arrival, isLoopback: false)
  }

  /// What gateways would say that stand beside both ends and have no route between them.
  package mutating func beside(_ connection: Connection, now: Timestamp) -> [Hop] {
    policy.gatewaysBeside(connection.source, connection.destination).map {
      judge(connection, at: $0, .forward, now)
    }
  }

  /// Whether it is allowed from end to end: ``PathExplanation/isAllowed`` without what is said of the hops.
  package mutating func allows(_ connection: Connection, now: Timestamp) -> Bool {
    let ends = Ends(connection, owners)
    if ends.isLoopback { return true }
    if let source = ends.source, !allows(connection, at: source, .egress, now) { return false }
    if let destination = ends.destination, !allows(connection, at: destination, .ingress, now) {
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
    for (gateway, areas) in gateways where gateway != ends.source && gateway != ends.destination {
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
    var place = result.ledBy
    var rule = place.flatMap { tables.enforced.chain($0.chain)?.rules[$0.index] }
    if rule?.comment == nil {
      place = result.decidedBy
      rule = place.flatMap { tables.shown.chain($0.chain)?.rules[$0.index] }
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

/// The managed hosts at the ends of a connection.
private struct Ends {
  let source: HostID?
  let destination: HostID?

  init(_ connection: Connection, _ owners: [Address: HostID]) {
    source = owners[connection.source]
    destination = owners[connection.destination]
  }

  var isManaged: Bool { source != nil || destination != nil }
  var isLoopback: Bool { source != nil && source == destination }
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
