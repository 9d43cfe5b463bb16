import Addressing
import Nftables
import Policy
import PolicyFixtures
import RulesetCompiler
import RulesetShape
import Testing

/// What closes a compiled table, held by the table itself and by the evaluator, where no kernel is at hand.
@Suite struct ClosedEndTests {
  private struct Made {
    let policy: HostPolicy
    let table: Table
  }

  /// Every distinct host of a random policy, each once in the modes it has and once in random ones.
  private func tables(_ seed: Int) -> [Made] {
    let policy = RandomPolicy(seed: UInt64(seed)).policy
    let policies = HostPolicies(policy)
    let compiler = RulesetCompiler(policy, policies)
    var random = SeededGenerator(seed: UInt64(seed) &+ 7_000_000)
    func mode() -> Mode { random.oneIn(2) ? .observe : .enforce }
    return policies.distinct.flatMap { host in
      let other = HostPolicy(
        modes: Modes(ingress: mode(), egress: mode(), forward: mode()), deny: host.deny,
        forward: host.forward, dhcp: host.dhcp, mayNameItself: host.mayNameItself,
        allowances: host.allowances)
      return [host, other].map { Made(policy: $0, table: compiler.compile($0)) }
    }
  }

  /// The last rule and the policy of the chain each deny: neither is needed while the other stands, so that no packet
  /// tells whether both do.
  @Test(arguments: 0..<80) func `a side that enforces is closed twice`(seed: Int) throws {
    for made in tables(seed) {
      for direction in Direction.allCases {
        let (chain, deny): (ChainName, ChainName) =
          switch direction {
          case .ingress: ("input", "in/deny")
          case .egress: ("output", "out/deny")
          case .forward: ("forward", "forward/deny")
          }
        if case .containers = made.policy.forward, direction == .forward { continue }
        guard direction != .forward || made.policy.forward == .judge else {
          #expect(made.table.chain(chain) == nil && made.table.chain(deny) == nil)
          continue
        }
        let base = try #require(made.table.chain(chain))
        let last = try #require(made.table.chain(deny)?.rules.last)
        #expect(base.rules.last?.expressions == [.verdict(.goto(deny))], "\(chain)")
        let isEnforced = made.policy.modes[direction] == .enforce
        #expect(base.base?.policy == (isEnforced ? .drop : .accept), "\(chain)")
        switch (isEnforced, made.policy.deny) {
        case (false, _): #expect(last.expressions.last == .verdict(.accept))
        case (true, .drop): #expect(last.expressions.last == .verdict(.drop))
        case (true, .reject):
          guard case .reject = last.expressions.last else {
            Issue.record("\(deny) ends in \(last)")
            continue
          }
        }
        // Nothing that is recorded ahead of it may leave the chain but to come back.
        let records = ChainMeaning.recording(Side(direction)).name
        let ahead = made.table.chain(deny)?.rules.dropLast().map(\.expressions)
        #expect(ahead == [[.verdict(.jump(records))]])
        #expect(try #require(made.table.chain(records)).deciding.isEmpty)
      }
    }
  }

  /// To connection tracking a bare ACK begins a connection, and its port may be open.
  @Test(arguments: 0..<80) func `TCP that is allowed begins with SYN and nothing that ends or answers`(
    seed: Int
  ) throws {
    for (evaluator, packet, hook) in try allowed(seed, where: { $0 == .tcp }) {
      for flags in UInt8.min...UInt8.max {
        var other = packet
        other.transport[13] = flags
        // FIN 1, SYN 2, RST 4, ACK 16; PSH, URG and those of congestion say nothing about a beginning.
        let begins = flags & 0b1_0111 == 0b10
        #expect(
          (evaluator.evaluate(other, at: hook).verdict == .accept) == begins, "flags \(flags) at \(hook)")
      }
    }
  }

  @Test(arguments: 0..<80) func `what NAT has changed is judged by the port that was asked for`(seed: Int)
    throws
  {
    for (evaluator, packet, hook) in try allowed(seed, where: \.hasPorts) {
      let port = UInt16(packet.transport[2]) << 8 | UInt16(packet.transport[3])
      for asked in Set(RandomPolicy.ports + [port, port &+ 1]) {
        var plain = packet
        plain.transport[2] = UInt8(asked >> 8)
        plain.transport[3] = UInt8(asked & 0xff)
        var translated = packet
        translated.status = 32
        translated.originalPort = asked
        let (a, b) = (evaluator.evaluate(plain, at: hook), evaluator.evaluate(translated, at: hook))
        #expect(a.verdict == b.verdict, "\(packet.ipProtocol) \(asked) led to \(port) at \(hook)")
      }
    }
  }

  @Test(arguments: 0..<80) func `an end that nobody names says nothing out, whatever it is`(seed: Int) throws
  {
    let policy = RandomPolicy(seed: UInt64(seed)).policy
    let policies = HostPolicies(policy)
    let compiler = RulesetCompiler(policy, policies)
    for host in policies.distinct {
      let alone = HostPolicy(
        modes: Modes(.enforce), deny: host.deny, forward: host.forward, dhcp: false, mayNameItself: false,
        allowances: [])
      let evaluator = Evaluator(compiler.compile(alone))
      for (hook, ipProtocol) in [Hook.input, .output, .forward].flatMap({ hook in
        [IPProtocol.tcp, .udp, .sctp, .icmp, .esp].map { (hook, $0) }
      }) where hook != .forward || host.forward == .judge {
        let packet = Packet(
          from: Address(.ipv4, 0x0a00_0001), to: Address(.ipv4, 0x0a00_0002), ipProtocol,
          transport: ipProtocol == .icmp
            ? [8, 0, 0, 0, 0, 0, 0, 0] : Packet.transportHeader(ipProtocol, source: 40_000, destination: 443),
          inputInterface: hook == .output ? nil : 2, outputInterface: hook == .input ? nil : 2)
        #expect(evaluator.evaluate(packet, at: hook).verdict != .accept)
      }
    }
  }

  /// Packets that a random policy's tables accept, with the table and the hook.
  private func allowed(_ seed: Int, where isMeant: (IPProtocol) -> Bool) throws -> [(Evaluator, Packet, Hook)]
  {
    let random = RandomPolicy(seed: UInt64(seed))
    let policy = random.policy
    let policies = HostPolicies(policy)
    let compiler = RulesetCompiler(policy, policies)
    // Answers to requests to groups are found by both of their ports, whatever NAT has done to them.
    if policy.services.contains(where: { $0.replies != nil }) { return [] }
    let evaluators = policies.distinct.map { Evaluator(compiler.compile($0)) }
    let oracle = Oracle(policy)
    let addresses = random.addresses
    var generator = SeededGenerator(seed: UInt64(seed) &+ 3_000_000)
    var result: [(Evaluator, Packet, Hook)] = []
    for (index, host) in policy.hosts.enumerated() {
      for direction in Direction.allCases where direction != .forward || host.judgesByAddresses {
        for _ in 0..<120 {
          guard let ipProtocol = IPProtocol.withPorts.randomElement(using: &generator), isMeant(ipProtocol),
            let peer = addresses.randomElement(using: &generator),
            let own = (direction == .forward ? addresses : host.addresses).filter({
              $0.family == peer.family
            }).randomElement(using: &generator),
            let port = RandomPolicy.ports.randomElement(using: &generator)
          else { continue }
          let (source, destination) = direction == .egress ? (own, peer) : (peer, own)
          if host.addresses.contains(source), host.addresses.contains(destination) { continue }
          let connection = Connection(
            from: source, to: destination, ipProtocol, .ports(source: 40_000, destination: port))
          guard
            case .allowed = oracle.judge(
              connection, at: HostID(index), direction, now: Timestamp(seconds: 0))
          else { continue }
          var packet = Packet(
            from: source, to: destination, ipProtocol,
            transport: Packet.transportHeader(ipProtocol, source: 40_000, destination: port),
            inputInterface: direction == .egress ? nil : 2, outputInterface: direction == .ingress ? nil : 2)
          packet.localAddresses = host.addresses
          let hook: Hook =
            switch direction {
            case .ingress: .input
            case .egress: .output
            case .forward: .forward
            }
          result.append((evaluators[policies.assignment[index]], packet, hook))
        }
      }
    }
    return Array(result.shuffled(using: &generator).prefix(6))
  }
}
