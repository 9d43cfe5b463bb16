import Netlink
import Nftables
import NftablesNetlink
import Testing

@Suite(.enabled(if: KernelTrait.isPossible, "this user may not make network namespaces"))
struct KernelRoundTripTests {
  @Test(.namespace) func `what nft loads is read, loaded again by us, and listed alike`() throws {
    let connection = try NftablesConnection()
    for ruleset in Rulesets.all {
      _ = try nft("-f", "-", input: ruleset)
      let listed = try nft("list", "ruleset")
      let json = try nft("-j", "list", "ruleset")
      let installed = try #require(try connection.table(.inet, "t"))
      #expect(installed.table.others.isEmpty)
      for chain in installed.table.chains {
        for rule in chain.rules { #expect(rule.opaqueNames.isEmpty, "\(rule)") }
      }
      var raw = RawDump(try KernelSocket())
      let sets = try raw.sets(.inet, "t")
      _ = try nft("delete", "table", "inet", "t")
      try connection.commit(installed.table.creation, expecting: connection.generation())
      try expectEqualLines(withoutState(nft("list", "ruleset")), withoutState(listed))
      let separator = "},"
      try expectEqualLines(
        withoutState(nft("-j", "list", "ruleset")).replacing(separator, with: "\n"),
        withoutState(json).replacing(separator, with: "\n"))
      let ours = try raw.sets(.inet, "t")
      #expect(ours.keys.sorted() == sets.keys.sorted())
      for (name, attributes) in sets { #expect(ours[name] == attributes, "set \(name)") }
      let again = try #require(try connection.table(.inet, "t"))
      #expect(again.table == installed.table)
      _ = try nft("delete", "table", "inet", "t")
    }
  }

  @Test(.namespace)
  func `sets whose elements are counted are read alike, load again, and are not made by us`()
    throws
  {
    let ruleset = """
      table inet t {
        set a { type ipv4_addr; flags interval; counter; comment "x"; elements = { 10.0.0.1, 10.0.3.0/24 }; }
        set b { type ipv4_addr; flags timeout; counter; elements = { 10.0.0.9 timeout 1h comment "y" }; }
        map d { type inet_service : verdict; counter; elements = { 81 : accept, 443 : drop }; }
        set l { type ipv4_addr; limit rate 1/second; elements = { 10.0.0.1 }; }
      }
      """
    _ = try nft("-f", "-", input: ruleset)
    let connection = try NftablesConnection()
    let table = try #require(try connection.table(.inet, "t")).table
    #expect(table.sets.map { "\($0.name) \($0.countsElements)" } == ["a true", "b true", "d true"])
    // What a limit lets through is known to nobody.
    #expect(table.others.map(\.name) == ["l"])
    let read = try Table.tables(listed: Array(nft("-j", "list", "ruleset").utf8), clock: .utc).tables
    #expect(read.first?.sets == table.sets && read.first?.others.map(\.name) == ["l"])
    let again = Table(family: .inet, name: "u", chains: [], sets: table.sets)
    _ = try nft("-f", "-", input: String(decoding: try again.fileText(), as: UTF8.self))
    #expect(try connection.table(.inet, "u")?.table.sets == table.sets)
    let made = Table(family: .inet, name: "v", chains: [], sets: table.sets)
    #expect(throws: (any Error).self) {
      try connection.commit(made.creation, expecting: connection.generation())
    }
    #expect(try connection.table(.inet, "v") == nil)
  }

  /// Only the lines that differ make a message that can be read.
  private func expectEqualLines(_ a: String, _ b: String) {
    let pairs = zip(a.split(separator: "\n"), b.split(separator: "\n"))
    for (a, b) in pairs where a != b { Issue.record("ours: \(a)\nnft's: \(b)") }
    #expect(a.count == b.count)
  }

  /// Handles and remaining times are the kernel's.
  private func withoutState(_ listing: String) -> String {
    listing.replacing(/"handle": \d+/, with: "").replacing(/"expires": \d+|expires \w+/, with: "")
  }
}

extension Table {
  /// Everything in the table, from nothing.
  var creation: Change {
    var operations: [Operation] = [.addTable(comment: comment)]
    for chain in chains { operations.append(.addChain(chain.name, chain.base, comment: chain.comment)) }
    for set in sets { operations.append(.addSet(set)) }
    for chain in chains {
      for rule in chain.rules { operations.append(.addRule(chain.name, rule, .last)) }
    }
    return Change(family: family, table: name, operations: operations)
  }
}
