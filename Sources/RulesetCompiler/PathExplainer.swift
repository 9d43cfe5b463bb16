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
  /// The rule that decides, and where it stands; `nil` when the end of a chain decides.
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
  private var judges: [(table: Table, evaluator: Evaluator)?]

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
    var hops: [Hop] = []
    if let source { hops.append(judge(connection, at: source, .egress, now)) }
    for (gateway, routes) in gateways where gateway != source && gateway != destination {
      if routes.contains(where: { crosses($0, connection) }) {
        hops.append(judge(connection, at: gateway, .forward, now))
      }
    }
    if let destination { hops.append(judge(connection, at: destination, .ingress, now)) }
    return PathExplanation(hops: hops, isUnmanaged: hops.isEmpty)
  }

  private func crosses(_ route: Route, _ connection: Connection) -> Bool {
    let one = policy[route.one].addresses
    let other = policy[route.other].addresses
    return one.contains(connection.source) && other.contains(connection.destination)
      || other.contains(connection.source) && one.contains(connection.destination)
  }

  private mutating func judge(
    _ connection: Connection, at id: HostID, _ direction: Direction, _ now: Timestamp
  )
    -> Hop
  {
    let host = policy[id]
    let (table, evaluator) = judge(policies.assignment[id.index])
    var packet = connection.firstPacket(direction)
    packet.time = UInt64(max(0, now.seconds)) &* 1_000_000_000
    packet.localAddresses = host.addresses
    let hook: Hook =
      switch direction {
      case .ingress: .input
      case .egress: .output
      case .forward: .forward
      }
    let result = evaluator.evaluate(packet, at: hook)
    let rule = result.decidedBy.flatMap { place in table.chain(place.chain)?.rules[place.index] }
    let isAllowed = result.verdict == .accept
    return Hop(
      host: id, direction: direction, isAllowed: isAllowed,
      flow: isAllowed ? rule?.comment.flatMap { flows[$0] } : nil, rule: rule, place: result.decidedBy,
      mode: host.modes[direction])
  }

  /// The ruleset as it denies: what observe mode lets pass is still denied by the policy.
  private mutating func judge(_ index: Int) -> (Table, Evaluator) {
    if let known = judges[index] { return known }
    let table = compiler.compile(policies.distinct[index].enforced)
    let evaluator = Evaluator(table)
    judges[index] = (table, evaluator)
    return (table, evaluator)
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
