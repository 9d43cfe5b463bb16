import Addressing
import Nftables
import Policy
import PolicyFixtures
import RulesetCompiler
import Testing

/// What a flow let in lives exactly as long as some flow allows it, judged against the naive evaluator.
@Suite struct ExpiryOracleTests {
  private static let start = Timestamp(seconds: 0)

  @Test(arguments: 0..<300)
  func `a connection that was let in is cut when nothing allows it any more, and not before`(seed: Int) throws
  {
    let random = RandomPolicy(seed: UInt64(seed) &+ 7_000)
    let policy = seed % 3 == 0 ? random.policy.leavingSome(seed: UInt64(seed)) : random.policy
    guard policy.flows.contains(where: { $0.until != nil }) else { return }
    let policies = HostPolicies(policy)
    let compiler = RulesetCompiler(policy, policies)
    let evaluators = policies.distinct.map { Evaluator(compiler.compile($0)) }
    let oracle = Oracle(policy)
    var generator = SeededGenerator(seed: UInt64(seed) &+ 2_000_000)
    let addresses = random.addresses

    for (index, host) in policy.hosts.enumerated() {
      let evaluator = evaluators[policies.assignment[index]]
      for _ in 0..<600 {
        let direction = Direction.allCases.randomElement(using: &generator) ?? .ingress
        if direction == .forward, !host.judgesByAddresses { continue }
        guard let connection = draw(host, direction, addresses, &generator),
          oracle.judge(connection, at: HostID(index), direction, now: Self.start) != .denied
        else { continue }
        let now = Timestamp(seconds: Int64.random(in: 0...4, using: &generator) * 1000)
        let allowed = oracle.judge(connection, at: HostID(index), direction, now: now) != .denied
        for isReply in [false, true] {
          guard let packet = established(connection, host, direction, now, isReply: isReply) else { continue }
          // Where answers leave by a direction that is left alone, requests alone are cut.
          let isLeft = isReply && host.modes[answering(direction)] == .leave
          let got = evaluator.evaluate(packet, at: hook(isReply ? answering(direction) : direction))
          #expect(
            (got.verdict == .accept) == (allowed || isLeft),
            "host \(host.name) \(direction) \(connection) at \(now.seconds) reply \(isReply): ruleset \(got)")
        }
      }
    }
  }

  private func answering(_ direction: Direction) -> Direction {
    switch direction {
    case .ingress: .egress
    case .egress: .ingress
    case .forward: .forward
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
    _ host: Host, _ direction: Direction, _ addresses: [Address], _ generator: inout SeededGenerator
  ) -> Connection? {
    let groups = [Address(.ipv4, 0xe000_0012), Address(.ipv6, 0xff02 << 112 | 0x12)]
    guard let peer = addresses.randomElement(using: &generator),
      let other = (direction == .forward ? addresses : host.addresses).filter({ $0.family == peer.family })
        .randomElement(using: &generator)
    else { return nil }
    var (source, destination) = direction == .egress ? (other, peer) : (peer, other)
    if direction == .egress, generator.oneIn(8) {
      destination = groups.first { $0.family == peer.family } ?? destination
    }
    if host.addresses.contains(source), host.addresses.contains(destination) { return nil }
    if direction == .forward, host.addresses.contains(source) || host.addresses.contains(destination) {
      (source, destination) = (destination, source)
      if host.addresses.contains(source) { return nil }
    }
    let ports = RandomPolicy.ports + [67, 68, 546, 547]
    let port = { (generator: inout SeededGenerator) in ports.randomElement(using: &generator) ?? 1 }
    switch [IPProtocol.tcp, .udp, .udp, .sctp, .icmp, .icmpv6, .esp, .gre].randomElement(using: &generator) {
    case .icmp?:
      return source.family == .ipv4 ? Connection(from: source, to: destination, .icmp, .type(8)) : nil
    case .icmpv6?:
      return source.family == .ipv6 ? Connection(from: source, to: destination, .icmpv6, .type(128)) : nil
    case let ipProtocol? where ipProtocol.hasPorts:
      return Connection(
        from: source, to: destination, ipProtocol,
        .ports(source: port(&generator), destination: port(&generator)))
    case let ipProtocol?: return Connection(from: source, to: destination, ipProtocol, .plain)
    case nil: return nil
    }
  }

  /// A later packet of the connection, of its own or the answering direction; `nil` when a group, from
  /// which nothing is answered, is at the other end.
  private func established(
    _ connection: Connection, _ host: Host, _ direction: Direction, _ now: Timestamp, isReply: Bool
  ) -> Packet? {
    let isGroup =
      connection.destination.family == .ipv4
      ? connection.destination.bits >> 28 == 0xe : connection.destination.bits >> 120 == 0xff
    if isReply, isGroup { return nil }
    var header: [UInt8]
    switch connection.kind {
    case .ports(let source, let destination):
      header = Packet.transportHeader(
        connection.ipProtocol, source: isReply ? destination : source,
        destination: isReply ? source : destination)
      // Data, no longer a SYN.
      if connection.ipProtocol == .tcp { header[13] = 0x18 }
    case .type(let type):
      let answer: UInt8 = connection.family == .ipv4 ? 0 : 129
      header = [isReply ? answer : type, 0, 0, 0, 0, 0, 0, 0]
    case .plain: header = [0, 80, 0, 80, 0, 0, 0, 0]
    }
    let seen = isReply ? answering(direction) : direction
    var packet = Packet(
      from: isReply ? connection.destination : connection.source,
      to: isReply ? connection.source : connection.destination, connection.ipProtocol, transport: header,
      inputInterface: seen == .egress ? nil : 2, outputInterface: seen == .ingress ? nil : 2)
    packet.state = .established
    packet.direction = isReply ? .reply : .original
    packet.time = UInt64(now.seconds) * 1_000_000_000
    packet.localAddresses = host.addresses
    return packet
  }
}
