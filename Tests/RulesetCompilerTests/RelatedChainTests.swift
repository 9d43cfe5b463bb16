import Nftables
import Policy
import PolicyFixtures
import RulesetCompiler
import Testing

@Suite struct RelatedChainTests {
  @Test func `what comes in as related is an error and no redirect, in every table`() {
    for seed in 0..<20 as Range<UInt64> {
      let policy = RandomPolicy(seed: seed).policy
      let policies = HostPolicies(policy)
      let compiler = RulesetCompiler(policy, policies)
      for host in policies.distinct {
        let table = compiler.compile(host)
        for (base, related, deny) in [
          ("input", "in/related", "in/deny"), ("forward", "forward/related", "forward/deny"),
        ] as [(ChainName, ChainName, ChainName)] where table.chain(base) != nil {
          #expect(table.chain(base)?.rules.contains { $0.leads(to: related) } == true)
          #expect(table.chain(related)?.rules.map(\.comment) == ["ICMP redirect", nil])
          #expect(table.chain(related)?.rules.first?.leads(to: deny) == true)
        }
      }
    }
  }
}

extension Rule {
  /// Whether a verdict of the rule, or of a map in it, is that chain.
  fileprivate func leads(to chain: ChainName) -> Bool {
    expressions.contains { expression in
      switch expression {
      case .verdict(let verdict): return verdict.chain == chain
      case .lookup(.inline(let set), _, _, _):
        guard case .verdicts(let verdicts) = set.elements.payload else { return false }
        return verdicts.contains { $0.chain == chain }
      default: return false
      }
    }
  }
}
