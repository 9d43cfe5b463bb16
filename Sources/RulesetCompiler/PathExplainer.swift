public import Addressing
public import Nftables
public import Policy

/// What one host says of a connection.
public struct Hop: Sendable {
  public let host: HostID
  public let direction: Direction
  public let isAllowed: Bool
  /// The flow whose rule allows it; `nil` when it is denied, or open on every host.
  public let flow: FlowID?
  /// The rule that decides, and where it stands: of what is denied for a reason of its own, the rule that knows the
  /// reason. `nil` when the end of a chain decides.
  public let rule: Rule?
  public let place: Evaluation.Place?
  /// In observe mode what is denied is recorded and passes.
  public let mode: Mode
}

/// What every managed host on a connection's way says of it.
public struct PathExplanation: Sendable {
  /// From the source to the destination; empty when both ends are the same host, whose loopback is open.
  public let hops: [Hop]
  /// Whether neither end nor anything between them is managed: then Sekisho has no say.
  public let isUnmanaged: Bool

  /// Whether every hop allows it, whatever the modes are.
  public var isAllowed: Bool { !isUnmanaged && hops.allSatisfy(\.isAllowed) }
}

/// Answers who allows or denies a connection by sending its first packet through the compiled rulesets.
///
/// Each distinct ruleset is compiled once, when it is first needed.
public struct PathExplainer: Sendable {
  private let policy: Policy
  private let policies: HostPolicies
  private let compiler: RulesetCompiler
  private let owners: [Address: HostID]
  private let flows: [String: FlowID]
  private let gateways: [(HostID, [Route])]
  private var judges: [Judge?]

  public init(_ policy: Policy, _ policies: HostPolicies) {
    self.policy = policy
    self.policies = policies
    compiler = RulesetCompiler(policy, policies)
    var owners: [Address: HostID] = [:]
    for (index, host) in policy.hosts.enumerated() {
      for address in host.addresses { owners[address] = HostID(index) }
    }
    self.owners = owners
    flows = Dictionary(uniqueKeysWithValues: policy.flows.enumerated().map { ($1.name, FlowID($0)) })
    gateways = policy.hosts.enumerated().compactMap { index, host in
      if case .gateway(let routes) = host.forwarding { (HostID(index), routes) } else { nil }
    }
    judges = Array(repeating: nil, count: policies.distinct.count)
  }

  /// The host that has an address.
  public func owner(of address: Address) -> HostID? { owners[address] }

  /// Follows a connection from end to end at a moment.
  public mutating func explain(_ connection: Connection, now: Timestamp) -> PathExplanation {
    let source = owners[connection.source]
    let destination = owners[connection.destination]
    if let source, source == destination { return PathExplanation(hops: [], isUnmanaged: false) }
    let hops = way(connection, from: source, to: destination).map { host, direction in
      judge(connection, at: host, direction, now)
    }
    return PathExplanation(hops: hops, isUnmanaged: hops.isEmpty)
  }

  /// Whether every hop allows it: ``PathExplanation/isAllowed`` without what is said of the hops.
  public mutating func allows(_ connection: Connection, now: Timestamp) -> Bool {
    let source = owners[connection.source]
    let destination = owners[connection.destination]
    if let source, source == destination { return true }
    var isManaged = false
    for (host, direction) in way(connection, from: source, to: destination) {
      isManaged = true
      if evaluate(connection, at: host, direction, now).verdict == .drop { return false }
    }
    return isManaged
  }

  /// The managed hosts that a connection passes, and how each of them sees it.
  private func way(_ connection: Connection, from source: HostID?, to destination: HostID?)
    -> [(HostID, Direction)]
  {
    var hops: [(HostID, Direction)] = []
    if let source { hops.append((source, .egress)) }
    for (gateway, routes) in gateways where gateway != source && gateway != destination {
      if routes.contains(where: { crosses($0, connection) }) { hops.append((gateway, .forward)) }
    }
    if let destination { hops.append((destination, .ingress)) }
    return hops
  }

  private func crosses(_ route: Route, _ connection: Connection) -> Bool {
    let one = policy[route.one].addresses
    let other = policy[route.other].addresses
    return one.contains(connection.source) && other.contains(connection.destination)
      || other.contains(connection.source) && one.contains(connection.destination)
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
    let hook: Hook =
      switch direction {
      case .ingress: .input
      case .egress: .output
      case .forward: .forward
      }
    return judge(of: id).evaluator.evaluate(packet, at: hook)
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
    evaluator = Evaluator(table)
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
