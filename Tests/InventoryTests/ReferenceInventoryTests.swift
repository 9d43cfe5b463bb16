import Diagnostics
import Inventory
import Policy
import Testing

@Suite struct ReferenceInventoryTests {
  @Test func `the reference inventory loads without a word`() throws {
    let loaded = try Inventory.load("\(Repository.root)/inventory")
    #expect(loaded.report.text(loaded.sources) == "")
    let policy = try #require(loaded.policy)
    #expect(policy.hosts.count == 31)
  }
}
