import Addressing
import Lab
import Nftables
import Policy

/// One managed host's part in a connection.
struct Stage: Hashable {
  let host: HostID
  let direction: Direction
}

/// What the policy promises of connections in a lab, by the naive evaluator alone.
struct Expectation {
  let policy: Policy
  let plan: LabPlan
  let now: Timestamp
  private let oracle: Oracle

  init(_ policy: Policy, _ plan: LabPlan, now: Timestamp) {
    self.policy = policy
    self.plan = plan
    self.now = now
    oracle = Oracle(policy)
  }

  /// Every managed host that sees a connection to a node, in the order of its way.
  func stages(of connection: Connection, from source: String, to destination: String) -> [Stage] {
    var stages: [Stage] = []
    if let host = host(source) { stages.append(Stage(host: host, direction: .egress)) }
    if let gateway = plan.gateway(from: connection.source, to: connection.destination),
      let host = host(gateway)
    {
      stages.append(Stage(host: host, direction: .forward))
    }
    if let host = host(destination) { stages.append(Stage(host: host, direction: .ingress)) }
    return stages
  }

  /// Whether the policy lets a host's part of a connection pass: it allows it, or only watches.
  func passes(_ connection: Connection, _ stage: Stage) -> Bool {
    policy[stage.host].modes[stage.direction] == .observe
      || oracle.judge(connection, at: stage.host, stage.direction, now: now) != .denied
  }

  /// The first host that denies; `nil`: nobody does.
  func denier(of connection: Connection, from source: String, to destination: String) -> Stage? {
    stages(of: connection, from: source, to: destination).first { !passes(connection, $0) }
  }

  /// What the sender sees of a probe that is answered.
  func outcomes(of probe: ProofProbe) -> Set<String> {
    let connection = probe.connection
    guard let stage = denier(of: connection, from: probe.source, to: probe.destination) else {
      return ["open"]
    }
    let denier = policy[stage.host]
    if stage.direction == .egress, connection.ipProtocol != .tcp { return ["egress denied"] }
    if denier.deny == .drop { return ["silent"] }
    return Set(denier.addresses.map { "rejected by \($0)" })
  }

  private func host(_ name: String) -> HostID? {
    policy.hosts.firstIndex { $0.name == name }.map { HostID($0) }
  }
}

extension Connection {
  /// Its first packet as one host's rules see it.
  func packet(at host: Host, _ direction: Direction, now: Timestamp) -> Packet {
    let header: [UInt8] =
      switch kind {
      case .ports(let source, let destination):
        Packet.transportHeader(ipProtocol, source: source, destination: destination)
      case .type(let type): [type, 0, 0, 0, 0, 0, 0, 0]
      case .plain: [0, 80, 0, 80, 0, 0, 0, 0]
      }
    var packet = Packet(
      from: source, to: destination, ipProtocol, transport: header,
      inputInterface: direction == .egress ? nil : 2, outputInterface: direction == .ingress ? nil : 2)
    packet.time = UInt64(max(0, now.seconds)) * 1_000_000_000
    packet.localAddresses = host.addresses
    return packet
  }
}

extension Direction {
  var hook: Hook {
    switch self {
    case .ingress: .input
    case .egress: .output
    case .forward: .forward
    }
  }
}
