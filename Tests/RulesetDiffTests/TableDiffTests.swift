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
    let asleep = InstalledTable(table: dormant, rules: installed.rules, generation: 9)
    var sleeping = MemoryTable(asleep)
    let change = TableDiff.change(from: asleep, to: wanted)
    #expect(change.operations == [.setFlags([])])
    let description = ChangeDescription(change, from: asleep, to: wanted)
    #expect(
      description.objects.map { "\($0.action) \($0.kind) \($0.name)" } == ["delete table flags dormant"])
    try sleeping.apply(change)
    #expect(sameMeaning(try #require(sleeping.installed).table, wanted))
    #expect(sleeping.installed?.table.flags == [])
    #expect(sleeping.installed?.rules == installed.rules)
  }

  @Test func `what is not ours goes, and what is ours keeps its counts`() throws {
    let wanted = tables(1)[0]
    var kernel = MemoryTable()
    try kernel.apply(TableDiff.change(from: nil, to: wanted))
    let installed = try #require(kernel.installed)
    let odd = InstalledTable(
      table: Table(
        family: wanted.family, name: wanted.name, chains: installed.table.chains, sets: installed.table.sets,
        others: [OpaqueObject(kind: "counter", name: "hits"), OpaqueObject(kind: "map", name: "of-counters")]),
      rules: installed.rules, otherHandles: [5, 6], generation: 9)
    let change = TableDiff.change(from: odd, to: wanted)
    // Elements of the map refer to the counter.
    #expect(
      change.operations == [
        .deleteOther(OpaqueObject(kind: "map", name: "of-counters"), handle: 6),
        .deleteOther(OpaqueObject(kind: "counter", name: "hits"), handle: 5),
      ])
    let description = ChangeDescription(change, from: odd, to: wanted)
    #expect(description.flows.isEmpty)
    #expect(description.objects.map(\.kind) == ["map", "counter"])
    #expect(description.objects.allSatisfy { $0.action == .delete })
    var strange = MemoryTable(odd)
    try strange.apply(change)
    #expect(strange.installed?.rules == installed.rules)
    #expect(TableDiff.change(from: strange.installed, to: wanted).isEmpty)
  }

  /// A chain that is not modelled: what leads to it is not known. A flag that the kernel does not change.
  @Test func `what cannot be taken out piece by piece makes the table be replaced, and it is told why`()
    throws
  {
    let wanted = tables(1)[0]
    var kernel = MemoryTable()
    try kernel.apply(TableDiff.change(from: nil, to: wanted))
    let installed = try #require(kernel.installed)
    for (flags, others, kinds) in [
      ([], [OpaqueObject(kind: "chain", name: "ft")], ["table", "chain"]),
      (TableFlags.persist, [], ["table", "table flags"]),
    ] {
      let odd = InstalledTable(
        table: Table(
          family: wanted.family, name: wanted.name, flags: flags, chains: installed.table.chains,
          sets: installed.table.sets, others: others), rules: installed.rules, generation: 9)
      let change = TableDiff.change(from: odd, to: wanted)
      #expect(change.operations.first == .deleteTable)
      #expect(change.transactions.count == 1)
      #expect(TableDiff.waypoint(from: odd, to: wanted) == nil)
      let description = ChangeDescription(change, from: odd, to: wanted)
      #expect(description.flows.isEmpty)
      #expect(description.objects.map(\.kind) == kinds)
      #expect(description.objects.map(\.action) == [.change, .delete])
      var strange = MemoryTable(odd)
      try strange.apply(change)
      #expect(TableDiff.change(from: strange.installed, to: wanted).isEmpty)
    }
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
