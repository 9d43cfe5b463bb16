import ChildProcess
import Nftables
import Testing

/// Upstream rules written by us and loaded by nft(8): the kernel must get the very steps again.
@Suite(
  .enabled(
    if: GoldenRule.file != nil && Namespace.obstacle == nil,
    "\(Namespace.obstacle ?? "the conformance data is not here; SEKISHO_CONFORMANCE may say where it is")"))
struct GoldenLoadTests {
  @Test(arguments: [Family.inet, .ipv4, .ipv6])
  func `nft makes the same steps of our text`(family: Family) throws {
    let (table, goldens) = try Self.table(family) { try $0.fileText() }
    let result = try Namespace.run(
      "nft --debug=netlink -f table > steps; cat steps; echo LISTING; nft list chain \(family) t c",
      files: ["table": try table.fileText()])
    try check(result, table, goldens)
  }

  @Test(arguments: [Family.inet, .ipv4, .ipv6])
  func `nft makes the same steps of our JSON`(family: Family) throws {
    let (table, goldens) = try Self.table(family) { try $0.fileJSON() }
    let result = try Namespace.run(
      "nft --debug=netlink -j -f table > steps; cat steps; echo LISTING; nft list chain \(family) t c",
      files: ["table": try table.fileJSON()])
    try check(result, table, goldens)
  }

  private func check(_ result: Namespace.Result, _ table: Table, _ goldens: [GoldenRule]) throws {
    #expect(result.status == 0, "\(result.output.prefix(2000))")
    let halves = result.output.split(separator: "LISTING\n")
    try #require(halves.count == 2)
    let rules = table.chains[0].rules
    let steps = halves[0].split(separator: "\n").map { String($0.trimmingPrefix { $0 == " " }) }
      .filter { $0.hasPrefix("[ ") }.map(comparable)
    #expect(steps == rules.flatMap(\.debugLines).map(comparable))
    let lines = halves[1].split(separator: "\n").filter { $0.hasPrefix("\t\t") }.map {
      String($0.dropFirst(2))
    }
    try #require(lines.count == goldens.count)
    for (line, golden) in zip(lines, goldens) { #expect(line == golden.nft_list, "\(golden.id)") }
    print("golden load: \(rules.count) rules of family \(table.family)")
  }

  /// The kernel adds the level that was not given.
  private func comparable(_ step: String) -> String { step.replacing("[ log level 4", with: "[ log") }

  /// A table of all rules of a family that can be written and need no set.
  private static func table(
    _ family: Family, _ write: (Table) throws -> [UInt8]
  ) throws -> (Table, [GoldenRule]) {
    var rules: [Rule] = []
    var goldens: [GoldenRule] = []
    for golden in GoldenRule.all where golden.tableFamily == family {
      let (decoded, sets) = try golden.decoded()
      guard decoded.count == 1, sets.isEmpty else { continue }
      let alone = Table(family: family, name: "t", chains: [Chain(name: "c", rules: decoded)], sets: [])
      guard (try? write(alone)) != nil else { continue }
      rules += decoded
      goldens.append(golden)
    }
    return (Table(family: family, name: "t", chains: [Chain(name: "c", rules: rules)], sets: []), goldens)
  }
}
