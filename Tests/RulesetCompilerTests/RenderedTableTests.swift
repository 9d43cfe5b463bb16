import Nftables
import Policy
import PolicyFixtures
import RulesetCompiler
import RulesetShape
import Testing

@Suite struct RenderedTableTests {
  @Test(arguments: 0..<40)
  func `a table that shares rules with others is written as if it were alone`(seed: Int) throws {
    let policy = RandomPolicy(seed: UInt64(seed)).policy
    let policies = HostPolicies(policy)
    let compiler = RulesetCompiler(policy, policies)
    var parts = RenderedParts(.inet, .sekisho)
    let sets = compiler.sharedSets(of: policies.distinct)
    try parts.prepare(sets)
    try parts.prepare(compiler.sharedRules(of: policies.distinct), sets: sets)
    var rendered = RenderedTable()
    for host in policies.distinct {
      let table = compiler.compile(host)
      try rendered.write(table, header: ["Made for a test."], parts: &parts)
      #expect(try rendered.fileText == table.fileText(header: ["Made for a test."]))
      #expect(try rendered.jsonCommands == table.jsonCommands())
    }
  }
}
