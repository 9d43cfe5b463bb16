import Addressing
import Nftables
import Policy
import PolicyFixtures
import RulesetCompiler
import Testing

/// IPv4 written as IPv6 comes in nowhere; the rule that knows it stands where a flow would let it in.
@Suite struct DisguisedSourceTests {
  @Test func `no table lets it in, and not every table needs the rule for that`() throws {
    var counts = (with: 0, without: 0)
    for seed in 0..<60 as Range<UInt64> {
      let policy = RandomPolicy(seed: seed).policy
      let policies = HostPolicies(policy)
      let compiler = RulesetCompiler(policy, policies)
      for host in policies.distinct {
        let table = compiler.compile(host)
        for chain in table.chains where chain.base != nil && chain.name != "output" {
          let hook: Hook = chain.name == "input" ? .input : .forward
          let hasRule = chain.rules.contains { $0.comment == "IPv4 in IPv6 source" }
          #expect(try !letsIn(table, hook, policy))
          if hasRule { counts.with += 1 } else { counts.without += 1 }
        }
      }
    }
    #expect(counts.with > 10 && counts.without > 10)
  }

  /// Whether a new connection from such a source passes, to any address and port that policies are about.
  private func letsIn(_ table: Table, _ hook: Hook, _ policy: Policy) throws -> Bool {
    let evaluator = Evaluator(table)
    let sources = try ["::ffff:10.0.0.1", "::10.0.0.1"].map { try Address(parsing: $0) }
    let destinations = policy.hosts.flatMap(\.addresses).filter { $0.family == .ipv6 }
    return sources.contains { source in
      destinations.contains { destination in
        [IPProtocol.tcp, .udp].contains { ipProtocol in
          RandomPolicy.ports.contains { port in
            var packet = Packet(
              from: source, to: destination, ipProtocol,
              transport: Packet.transportHeader(ipProtocol, source: 40_000, destination: port),
              inputInterface: 2, outputInterface: hook == .forward ? 3 : nil)
            // To containers, where there are any: what is not about them passes.
            packet.outputInterfaceName = "docker0"
            return evaluator.evaluate(packet, at: hook).verdict == .accept
          }
        }
      }
    }
  }
}
