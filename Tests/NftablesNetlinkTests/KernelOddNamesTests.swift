import Netlink
import Nftables
import NftablesNetlink
import Testing

/// The kernel takes any bytes for a name; no name of somebody else's may keep us from reading.
@Suite(.enabled(if: KernelTrait.isPossible, "this user may not make network namespaces"))
struct KernelOddNamesTests {
  private static let base = BaseChain(hook: .input, policy: .accept)

  @Test(.namespace) func `names that are equal as text but not as bytes are known to be there`() throws {
    let connection = try NftablesConnection()
    let names = ["\u{e9}", "e\u{301}"]
    var operations: [Nftables.Operation] = [
      .addTable(comment: nil), .addChain("in", Self.base, comment: nil),
    ]
    for name in names {
      operations.append(.addChain(ChainName(checked: name), nil, comment: nil))
      operations.append(
        .addSet(
          NamedSet(
            name: SetName(checked: name), key: [.ipv4Address],
            elements: SetElements(keyLength: 4, keys: [10, 0, 0, 1]))))
    }
    try connection.commit(Change(family: .inet, table: "t", operations: operations), expecting: nil)
    let installed = try #require(try connection.table(.inet, "t"))
    #expect(installed.table.chains.map(\.name) == ["in"])
    #expect(installed.table.sets.isEmpty)
    #expect(installed.table.others.map(\.kind) == ["chain", "chain", "set", "set"])
  }

  @Test(.namespace) func `a table without a name hides no other`() throws {
    let connection = try NftablesConnection()
    try connection.commit(
      Change(
        family: .ipv4, table: TableName(checked: ""),
        operations: [.addTable(comment: nil), .addChain(ChainName(checked: ""), Self.base, comment: nil)]),
      expecting: nil)
    _ = try nft("add", "table", "inet", "t")
    #expect(try connection.baseChains().map(\.chain.name.text) == [""])
    #expect(try connection.table(.inet, "t") != nil)
  }
}
