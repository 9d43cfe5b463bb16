import ChildProcess
import Nftables
import Testing

@Suite(.enabled(if: Namespace.obstacle == nil, "\(Namespace.obstacle ?? "")"))
struct KernelJSONTests {
  @Test func `JSON and text load the same ruleset`() throws {
    // nft 1.0.6 does not read these comments from JSON.
    let table = try SekishoRules.table().withoutObjectComments
    let result = try Namespace.run(
      """
      nft -f table.nft; nft list ruleset > text; nft flush ruleset
      nft -j -f table.json; nft -j -f table.json; nft list ruleset > json
      cmp text json; cat json
      """,
      files: ["table.nft": try table.fileText(), "table.json": try table.fileJSON()])
    #expect(result.status == 0)
    #expect(
      Difference(result.output, String(decoding: try table.listing(), as: UTF8.self))?.description == nil)
  }

  @Test func `what nft lists as JSON reads as what was loaded`() throws {
    let table = try SekishoRules.table().withoutObjectComments
    let result = try Namespace.run(
      "nft -f table.nft; nft -j list ruleset", files: ["table.nft": try table.fileText()])
    #expect(result.status == 0)
    let read = try Table.tables(fromJSON: Array(result.output.utf8))
    #expect(read.count == 1)
    #expect(read.first?.sets == table.sets)
    for chain in table.chains {
      let found = read.first?.chain(chain.name)
      #expect(found?.base == chain.base)
      for (index, rule) in chain.rules.enumerated() { #expect(found?.rules[index] == rule) }
    }
  }
}

extension Table {
  var withoutObjectComments: Table {
    Table(
      family: family, name: name,
      chains: chains.map { Chain(name: $0.name, base: $0.base, rules: $0.rules) },
      sets: sets.map {
        NamedSet(
          name: $0.name, key: $0.key, data: $0.data, flags: $0.flags, size: $0.size, timeout: $0.timeout,
          elements: $0.elements)
      })
  }
}
