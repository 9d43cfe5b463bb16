import Nftables
import Testing

/// What travels of a host's whole ruleset: nothing may be narrower when it is read than it was.
@Suite struct RulesetDumpTests {
  @Test(
    .enabled(
      if: GoldenRule.file != nil, "the conformance data is not here; SEKISHO_CONFORMANCE may say where it is")
  )
  func `a dump of any rule gives the rule again, or says that there is something else`() throws {
    var equal = 0
    for golden in GoldenRule.all {
      let (rules, sets) = try golden.decoded()
      let table = Table(
        family: golden.tableFamily, name: "t",
        chains: [Chain(name: "c", rules: rules)] + jumps(of: rules).map { Chain(name: $0, rules: []) },
        sets: Array(sets.values))
      let read = try again(table)
      #expect(read.family == table.family)
      let others = try #require(read.chain("c")).rules
      #expect(others.count == rules.count, "\(golden.id)")
      for (rule, other) in zip(rules, others) {
        let isOpaque = other.expressions.contains { if case .opaque = $0 { true } else { false } }
        #expect(other.expressions == rule.expressions || isOpaque, "\(golden.id): \(rule.debugLines)")
        if other.expressions == rule.expressions { equal += 1 }
      }
      for set in sets.values {
        // A set that a rule adds to is read as one that rules fill, whatever its flags say.
        let isThere = read.set(set.name).map {
          $0.elements == set.elements && [set.flags, set.flags.union(.dynamic)].contains($0.flags)
        }
        #expect(
          isThere ?? read.others.contains { $0.kind == "opaque set" && $0.name == set.name.text },
          "\(golden.id): \(set.name)")
      }
    }
    print("dumps: \(equal) of \(GoldenRule.all.count) rules come back as they were")
    #expect(equal >= 1000)
  }

  @Test func `what has no words in nft's language is dumped all the same`() throws {
    let rule = Rule([.opaque(name: "xt", attributes: [1, 2, 3]), .verdict(.drop)], comment: "a \"quote\"\n")
    let filled = NamedSet(
      name: "filled", key: [.ipv4Address], flags: [.dynamic, .timeout], timeout: 1500,
      elements: .none(keyLength: 4))
    let whole = NamedSet(
      name: "whole", key: [.ipv4Address], flags: [.dynamic, .timeout], timeout: 2000,
      elements: .none(keyLength: 4))
    let table = Table(
      family: .ipv4, name: "a name", flags: .dormant,
      chains: [
        Chain(
          name: "devices",
          base: BaseChain(hook: .ingress, policy: .drop, devices: ["eth0", "eth1"]), rules: [rule]),
        Chain(name: "input", base: BaseChain(hook: .input, policy: .drop), comment: "\"", rules: [rule]),
      ], sets: [filled, whole], others: [OpaqueObject(kind: "flowtable", name: "f")])
    let read = try again(table)
    #expect(read.name == table.name && read.flags == .dormant)
    let input = try #require(read.chain("input"))
    #expect(input.base == table.chain("input")?.base)
    #expect(input.rules == [rule])
    #expect(read.set("whole") == whole)
    #expect(
      read.others.map { "\($0.kind) \($0.name)" }.sorted()
        == ["flowtable f", "opaque chain devices", "opaque set filled"])
  }

  private func again(_ table: Table) throws -> Table {
    let tables = try Table.tables(
      fromJSON: Array("{\"nftables\":".utf8) + Table.dump([table]) + Array("}".utf8))
    return try #require(tables.count == 1 ? tables[0] : nil)
  }

  /// Chains that rules lead to.
  private func jumps(of rules: [Rule]) -> Set<ChainName> {
    var names: Set<ChainName> = []
    for case .verdict(let verdict) in rules.flatMap(\.expressions) {
      if let chain = verdict.chain { names.insert(chain) }
    }
    return names
  }
}
