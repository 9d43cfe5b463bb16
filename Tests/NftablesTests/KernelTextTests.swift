import ChildProcess
import Nftables
import Testing

@Suite(.enabled(if: Namespace.obstacle == nil, "\(Namespace.obstacle ?? "")"))
struct KernelTextTests {
  @Test func `a file loads, twice, and lists as we list it`() throws {
    let table = try SekishoRules.table()
    let file = try table.fileText(header: ["Made for a test."])
    let result = try Namespace.run(
      "nft -f table.nft; nft -f table.nft; nft list ruleset", files: ["table.nft": file])
    #expect(result.status == 0)
    let listing = String(decoding: try table.listing(), as: UTF8.self)
    #expect(Difference(result.output, listing)?.description == nil)
  }

  @Test func `a file replaces no table but its own`() throws {
    let table = Table(family: .inet, name: "sekisho", chains: [], sets: [])
    let result = try Namespace.run(
      "nft add table inet other; nft add chain inet sekisho old 2>/dev/null || nft add table inet sekisho; "
        + "nft add chain inet sekisho old; nft -f table.nft; nft list ruleset",
      files: ["table.nft": try table.fileText()])
    #expect(result.status == 0)
    #expect(result.output == "table inet other {\n}\ntable inet sekisho {\n}\n")
  }

  @Test(arguments: SekishoRules.all)
  func `nft makes of the text the steps that we make of the statements`(rule: WrittenRule) throws {
    let made = try Rule(rule.statements, in: .inet)
    let table = Table(
      family: .inet, name: "t",
      chains: [
        Chain(name: "c", rules: [made]), Chain(name: "in.dnat", rules: []),
        Chain(name: "in.dns", rules: []), Chain(name: "in.ssh", rules: []),
      ], sets: SekishoRules.sets)
    let result = try Namespace.run(
      "nft --debug=netlink -f table.nft", files: ["table.nft": try table.fileText()])
    #expect(result.status == 0)
    let steps = result.output.split(separator: "\n").map { $0.trimmingPrefix { $0 == " " } }
      .filter { $0.hasPrefix("[ ") }
    #expect(steps.map { String($0) } == made.debugLines)
  }
}
