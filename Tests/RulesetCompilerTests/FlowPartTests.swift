import ConnectionSpace
import Nftables
import Policy
import PolicyFixtures
import PolicySpace
import RulesetCompiler
import RulesetShape
import Testing

/// A flow with several parts is what copies of it are, told as one.
@Suite struct SeveralPartsTests {
  @Test(arguments: 0..<30)
  func `a flow of several parts compiles to what its copies do, but for names`(seed: Int) throws {
    let random = RandomPolicy(seed: UInt64(seed))
    let tables = [random.policy, random.withCopies].map { policy in
      let policies = HostPolicies(policy)
      let compiler = RulesetCompiler(policy, policies)
      return policies.assignment.map { compiler.compile(policies.distinct[$0]) }
    }
    for (index, (one, other)) in zip(tables[0], tables[1]).enumerated() {
      let isEqual = Self.rules(one) == Self.rules(other)
      #expect(isEqual, "\(random.policy.hosts[index].name)")
      #expect(Self.flows(one) == Set(Self.flows(other).map { String($0.prefix { $0 != "." }) }))
    }
  }

  @Test(arguments: 0..<30)
  func `a flow of several parts allows what its copies do`(seed: Int) throws {
    let random = RandomPolicy(seed: UInt64(seed))
    let universe = Universe()
    let spaces = try [random.policy, random.withCopies].map {
      try PolicySpace($0, HostPolicies($0), at: Timestamp(seconds: 1500), in: universe)
    }
    #expect(spaces[0].sides == spaces[1].sides)
    #expect(spaces[0].whole == spaces[1].whole)
  }

  @Test func `some random policies have flows of several parts`() {
    #expect(
      (0..<30).count { RandomPolicy(seed: UInt64($0)).policy.flows.contains { $0.parts.count > 1 } } > 10)
  }

  /// By chain, each once: parts with an end in common share the rule of it. Without what is called after a flow.
  private static func rules(_ table: Table) -> [String: [String]] {
    Dictionary(
      uniqueKeysWithValues: table.chains.map { chain in
        var known: Set<String> = []
        let rules = chain.rules.map {
          "\($0.expressions)".replacing(/named\([a-z]*\/expired[^)]*/, with: "named(ended")
            .replacing(/named\(f[0-9]+(\.[0-9]+)?\/[a-z]+\.p[0-9]+(\.[0-9]+)?/, with: "named(part")
        }
        return (chain.name.text, rules.filter { known.insert($0).inserted })
      })
  }

  private static func flows(_ table: Table) -> Set<String> {
    Set(table.chains.flatMap(\.rules).compactMap(\.acceptedFlow))
  }
}
