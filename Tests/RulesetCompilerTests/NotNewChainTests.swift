import Addressing
import Nftables
import Policy
import PolicyFixtures
import RulesetCompiler
import Testing

@Suite struct NotNewChainTests {
  @Test func `what comes in as related is an error and no redirect, in every table`() throws {
    let related = try Rule(
      [.match(.ctState, .states(.related)), .match(.l4Proto, .protocols([.icmp, .icmpv6])), .accept],
      in: .inet)
    for seed in 0..<20 as Range<UInt64> {
      let policy = RandomPolicy(seed: seed).policy
      let policies = HostPolicies(policy)
      let compiler = RulesetCompiler(policy, policies)
      for host in policies.distinct {
        let table = compiler.compile(host)
        for (base, notNew, deny) in [
          ("input", "in/not-new", "in/deny"), ("forward", "forward/not-new", "forward/deny"),
        ] as [(ChainName, ChainName, ChainName)] where table.chain(base) != nil {
          // Ahead of containers only what comes to them is judged.
          let judging = base == "forward" ? table.chain("forward/to-containers") : nil
          #expect((judging ?? table.chain(base))?.rules.contains { $0.leads(to: notNew) } == true)
          // Behind whom the host has cut off, and what is invalid.
          let rules = table.chain(notNew)?.rules ?? []
          let redirect = rules.firstIndex { $0.comment == "ICMP redirect" && $0.leads(to: deny) }
          let errors = rules.firstIndex { $0.expressions == related.expressions }
          #expect(redirect == 2 && errors == 3)
        }
      }
    }
  }

  @Test func `established packets pass no other rule, but where flows end`() throws {
    let established = try Rule([.match(.ctState, .states(.established)), .accept], in: .inet)
    for seed in 0..<20 as Range<UInt64> {
      let policy = RandomPolicy(seed: seed).policy
      let policies = HostPolicies(policy)
      let compiler = RulesetCompiler(policy, policies)
      for host in policies.distinct {
        for chain in compiler.compile(host).chains where chain.base != nil {
          let place = chain.rules.firstIndex { $0.expressions == established.expressions }
          let ends = chain.rules.prefix(place ?? 0).contains { $0.comment?.contains("ended") == true }
          #expect(place == 0 || ends, "\(chain.name)")
        }
      }
    }
  }
}

extension Rule {
  /// Whether a verdict of the rule is that chain.
  fileprivate func leads(to chain: ChainName) -> Bool {
    expressions.contains { expression in
      if case .verdict(let verdict) = expression { return verdict.chain == chain }
      return false
    }
  }
}
