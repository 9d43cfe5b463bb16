import Nftables
import Policy
import PolicyFixtures
import RulesetCompiler
import Testing

@Suite struct RenderedTableTests {
  @Test(arguments: 0..<40)
  func `a table that shares rules with others is written as if it were alone`(seed: Int) throws {
    let policy = RandomPolicy(seed: UInt64(seed)).policy
    let policies = HostPolicies(policy)
    let compiler = RulesetCompiler(policy, policies)
    var rules = RenderedRules()
    for host in policies.distinct {
      let table = compiler.compile(host)
      let rendered = try table.rendered(header: ["Made for a test."], texts: [:], json: [:], rules: &rules)
      #expect(try rendered.fileText == table.fileText(header: ["Made for a test."]))
      #expect(try rendered.jsonCommands == table.jsonCommands())
    }
  }
}
