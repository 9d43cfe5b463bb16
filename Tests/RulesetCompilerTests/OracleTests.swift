import Addressing
import Nftables
import Policy
import PolicyFixtures
import RulesetCompiler
import RulesetShape
import Testing

/// The compiled table, evaluated as the kernel does, must say what the naive evaluator says.
@Suite struct OracleTests {
  @Test(arguments: 0..<150)
  func `a compiled ruleset allows exactly what the policy says`(seed: Int) throws {
    let random = RandomPolicy(seed: UInt64(seed))
    // A third of them has tripwires, which allow and deny nothing as long as nobody trips them.
    // Another third has virtual addresses. Of half of all some hosts leave a direction alone.
    let whole =
      switch seed % 3 {
      case 0: random.withTripwires
      case 1: random.withVirtuals(seed: UInt64(seed))
      default: random.policy
      }
    let policy = seed % 2 == 0 ? whole : whole.leavingSome(seed: UInt64(seed))
    let policies = HostPolicies(policy)
    let compiler = RulesetCompiler(policy, policies)
    let evaluators = policies.distinct.map { Evaluator(compiler.compile($0).withNobodyCut) }
    let oracle = Oracle(policy)
    var generator = SeededGenerator(seed: UInt64(seed) &+ 1_000_000)
    let addresses = random.addresses + policy.virtuals.flatMap(\.addresses)
    let carried = policy.carried

    for (index, host) in policy.hosts.enumerated() {
      for _ in 0..<400 {
        let direction = Direction.allCases.randomElement(using: &generator) ?? .ingress
        if direction == .forward, !host.judgesByAddresses { continue }
        // It carries those that it may carry, or somebody else does.
        let carrying = carried[index].filter { _ in generator.oneIn(2) }
        guard
          let connection = draw(host.addresses, carrying, carried[index], direction, addresses, &generator)
        else { continue }
        let now = Timestamp(seconds: Int64.random(in: 0...4, using: &generator) * 1000)
        let expected = oracle.judge(
          connection, at: HostID(index), direction, now: now, carrying: carrying)
        let got = evaluators[policies.assignment[index]].evaluate(
          packet(connection, at: host.addresses + carrying, direction, now), at: hook(direction))
        #expect(got.isCertain)
        #expect(
          (got.verdict == .accept) == (expected != .denied),
          "host \(host.name) \(direction) \(connection) at \(now.seconds): oracle \(expected), ruleset \(got)"
        )
      }
    }
  }

  private func hook(_ direction: Direction) -> Hook {
    switch direction {
    case .ingress: .input
    case .egress: .output
    case .forward: .forward
    }
  }

  private func draw(
    _ fixed: [Address], _ carrying: [Address], _ carried: [Address], _ direction: Direction,
    _ addresses: [Address], _ generator: inout SeededGenerator
  ) -> Connection? {
    let own = fixed + carrying
    let groups = [Address(.ipv4, 0xe000_0012), Address(.ipv6, 0xff02 << 112 | 0x12)]
    guard let peer = addresses.randomElement(using: &generator),
      let other = (direction == .forward ? addresses : fixed + carried).filter({ $0.family == peer.family })
        .randomElement(using: &generator)
    else { return nil }
    let source = direction == .egress ? other : peer
    var destination = direction == .egress ? peer : other
    if direction != .forward, generator.oneIn(8) {
      destination = groups.first { $0.family == peer.family } ?? destination
    }
    // What a host sends itself never meets the rules of its links.
    if own.contains(source), own.contains(destination) { return nil }
    let ipProtocol =
      [IPProtocol.tcp, .tcp, .udp, .udp, .sctp, .icmp, .icmpv6, .esp, .gre, .vrrp].randomElement(
        using: &generator) ?? .tcp
    let ports = RandomPolicy.ports + [67, 68, 546, 547]
    if ipProtocol.hasPorts {
      let near = ports.randomElement(using: &generator) ?? 1
      let far = ports.randomElement(using: &generator) ?? 1
      let shifted = generator.oneIn(6) ? near &+ 1 : near
      return Connection(from: source, to: destination, ipProtocol, .ports(source: far, destination: shifted))
    }
    switch ipProtocol {
    case .icmp:
      guard source.family == .ipv4 else { return nil }
      return Connection(
        from: source, to: destination, .icmp, .type([0, 8, 13].randomElement(using: &generator) ?? 8))
    case .icmpv6:
      guard source.family == .ipv6 else { return nil }
      return Connection(
        from: source, to: destination, .icmpv6, .type([128, 129].randomElement(using: &generator) ?? 128))
    default:
      return Connection(from: source, to: destination, ipProtocol, .plain)
    }
  }

  private func packet(
    _ connection: Connection, at own: [Address], _ direction: Direction, _ now: Timestamp
  ) -> Packet {
    let header: [UInt8] =
      switch connection.kind {
      case .ports(let source, let destination):
        Packet.transportHeader(connection.ipProtocol, source: source, destination: destination)
      case .type(let type): [type, 0, 0, 0, 0, 0, 0, 0]
      case .plain: [0, 80, 0, 80, 0, 0, 0, 0]
      }
    var packet = Packet(
      from: connection.source, to: connection.destination, connection.ipProtocol, transport: header,
      inputInterface: direction == .egress ? nil : 2, outputInterface: direction == .ingress ? nil : 2)
    packet.time = UInt64(now.seconds) * 1_000_000_000
    packet.localAddresses = own
    return packet
  }
}
