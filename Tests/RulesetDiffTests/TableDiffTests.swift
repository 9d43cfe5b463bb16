import MemoryKernel
import Nftables
import Policy
import PolicyFixtures
import RulesetCompiler
import RulesetDiff
import Testing

@Suite struct TableDiffTests {
  @Test(arguments: 0..<120)
  func `applying the change gives what was wanted, and what was in both stays`(seed: Int) throws {
    let old = tables(UInt64(seed))
    let new = tables(UInt64(seed) + 5000)
    for (before, after) in zip(old, new) {
      var kernel = MemoryTable()
      try kernel.apply(TableDiff.change(from: nil, to: before))
      kernel.count(7)
      let installed = try #require(kernel.installed)
      #expect(TableDiff.change(from: installed, to: before).isEmpty)
      try kernel.apply(TableDiff.change(from: installed, to: after))
      let result = try #require(kernel.installed)
      #expect(sameMeaning(result.table, after))
      #expect(TableDiff.change(from: result, to: after).isEmpty)
      expectCountersKept(installed, result)
    }
  }

  @Test func `a table that is switched off is switched on again`() throws {
    let wanted = tables(1)[0]
    var kernel = MemoryTable()
    try kernel.apply(TableDiff.change(from: nil, to: wanted))
    let installed = try #require(kernel.installed)
    let dormant = Table(
      family: wanted.family, name: wanted.name, flags: .dormant, chains: installed.table.chains,
      sets: installed.table.sets)
    let change = TableDiff.change(
      from: InstalledTable(table: dormant, rules: installed.rules, generation: 9), to: wanted)
    // The kernel ignores a table that is added again without flags.
    #expect(change.operations.first == .deleteTable)
    try kernel.apply(change)
    #expect(sameMeaning(try #require(kernel.installed).table, wanted))
  }

  @Test func `a table that holds what is not ours is replaced, and it is told why`() throws {
    let wanted = tables(1)[0]
    var kernel = MemoryTable()
    try kernel.apply(TableDiff.change(from: nil, to: wanted))
    let installed = try #require(kernel.installed)
    let odd = InstalledTable(
      table: Table(
        family: wanted.family, name: wanted.name, chains: installed.table.chains, sets: installed.table.sets,
        others: [OpaqueObject(kind: "flowtable", name: "ft")]), rules: installed.rules, generation: 9)
    let change = TableDiff.change(from: odd, to: wanted)
    #expect(change.operations.first == .deleteTable)
    let description = ChangeDescription(change, from: odd, to: wanted)
    #expect(description.flows.isEmpty)
    #expect(description.objects.map(\.kind) == ["table", "flowtable"])
    #expect(description.objects.map(\.action) == [.change, .delete])
  }

  private func tables(_ seed: UInt64) -> [Table] {
    let policy = RandomPolicy(seed: seed).policy
    let policies = HostPolicies(policy)
    let compiler = RulesetCompiler(policy, policies)
    return policies.distinct.map { compiler.compile($0) }
  }

  private func sameMeaning(_ a: Table, _ b: Table) -> Bool {
    let chains = { (table: Table) in Dictionary(uniqueKeysWithValues: table.chains.map { ($0.name, $0) }) }
    let sets = { (table: Table) in
      Dictionary(uniqueKeysWithValues: table.sets.map { ($0.name, [$0.elements]) })
    }
    return chains(a) == chains(b) && sets(a) == sets(b)
  }

  /// Every rule of the old table that is in the new one, as often as it is in both, kept its count.
  private func expectCountersKept(_ old: InstalledTable, _ new: InstalledTable) {
    for chain in new.table.chains {
      guard let before = old.table.chain(chain.name) else { continue }
      // Only chains whose common rules did not change their order promise to keep all of them.
      let common = Set(before.rules).intersection(chain.rules)
      guard before.rules.filter(common.contains) == chain.rules.filter(common.contains) else { continue }
      if before.rules.contains(where: { refersToReplaced($0, old.table, new.table) }) { continue }
      let kept = zip(chain.rules, new.rules[chain.name] ?? []).filter { common.contains($0.0) }
      #expect(kept.allSatisfy { $0.1.counter?.packets == 7 })
    }
  }

  private func refersToReplaced(_ rule: Rule, _ old: Table, _ new: Table) -> Bool {
    rule.expressions.contains { expression in
      guard case .lookup(.named(let name), _, _, _) = expression, let a = old.set(name), let b = new.set(name)
      else { return false }
      return a.key != b.key || a.flags != b.flags || (a.size == nil) != (b.size == nil)
    }
  }
}
