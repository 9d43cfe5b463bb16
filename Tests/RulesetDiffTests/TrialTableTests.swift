import MemoryKernel
import Nftables
import Policy
import PolicyFixtures
import RulesetCompiler
import RulesetDiff
import RulesetShape
import Testing

/// A table on trial, taken by a kernel and evaluated as one does.
@Suite struct TrialTableTests {
  @Test(arguments: 0..<40)
  func `a trial judges as the wanted table does, and when it is over as the confirmed one`(seed: Int) throws {
    let random = RandomPolicy(seed: UInt64(seed))
    let base = table(random.policy)
    let wanted = table(RandomPolicy(seed: UInt64(seed) + 7000).policy)
    var kernel = MemoryTable()
    try kernel.apply(TableDiff.change(from: nil, to: base))
    kernel.count(7)
    let confirmed = try #require(kernel.installed)
    let trial = TrialTable(of: wanted, beside: confirmed.table, milliseconds: 60_000)

    try kernel.apply(TableDiff.change(from: confirmed, to: trial.prepared))
    let prepared = try #require(kernel.installed)
    try expectSame(prepared.table, as: base, random, seed)
    #expect(prepared.table.hasTrialParts)
    #expect(!prepared.table.isBareBeneathTrial)

    let arming = TableDiff.change(from: prepared, to: trial.armed)
    // The gates and the clock: what leads there must come in a moment.
    #expect(arming.transactions.count == 1)
    #expect(arming.operations.count == base.chains.count { $0.base != nil } + newSides(base, wanted) + 1)
    try kernel.apply(arming)
    let armed = try #require(kernel.installed)
    try expectSame(armed.table, as: wanted, beside: base, random, seed)
    try expectSame(expired(armed.table), as: base, random, seed)
    #expect(armed.table.withoutTrial == prepared.table.withoutTrial)

    // Confirmed, it is the wanted table, and what stays has its counts.
    var confirming = kernel
    try confirming.apply(TableDiff.change(from: armed, to: wanted))
    let after = try #require(confirming.installed)
    #expect(TableDiff.change(from: after, to: wanted).isEmpty)
    #expect(!after.table.hasTrialParts)
    for chain in wanted.chains
    where base.chain(chain.name) == chain
      && !chain.rules.contains(where: { refersToReplaced($0, base, wanted) })
    {
      #expect(after.rules[chain.name] == confirmed.rules[chain.name])
    }
    // Rolled back, it is what it was.
    try kernel.apply(TableDiff.change(from: armed, to: armed.table.withoutTrial))
    let back = try #require(kernel.installed)
    #expect(!back.table.hasTrialParts)
    for chain in base.chains { #expect(back.rules[chain.name] == confirmed.rules[chain.name]) }
    try expectSame(back.table, as: base, random, seed)
  }

  @Test(arguments: 0..<10)
  func `the first trial of a host lets everything pass when it is over`(seed: Int) throws {
    let random = RandomPolicy(seed: UInt64(seed))
    let wanted = table(random.policy)
    let trial = TrialTable(of: wanted, beside: nil, milliseconds: 1000)
    var kernel = MemoryTable()
    try kernel.apply(TableDiff.change(from: nil, to: trial.prepared))
    try kernel.apply(TableDiff.change(from: kernel.installed, to: trial.armed))
    let armed = try #require(kernel.installed)
    try expectSame(armed.table, as: wanted, beside: nil, random, seed)
    #expect(armed.table.isBareBeneathTrial)
    let evaluator = Evaluator(expired(armed.table))
    for side in Side.allCases {
      for packet in random.packets(seed) {
        #expect(evaluator.evaluate(packet, at: side.hook).verdict == .accept)
      }
    }
    try kernel.apply(TableDiff.change(from: armed, to: wanted))
    #expect(TableDiff.change(from: kernel.installed, to: wanted).isEmpty)
  }

  @Test func `a second trial replaces the first, and stands beside the same confirmed rules`() throws {
    let tables = (1...3).map { table(RandomPolicy(seed: UInt64($0)).policy) }
    let first = TrialTable(of: tables[1], beside: tables[0], milliseconds: 1000)
    let second = TrialTable(of: tables[2], beside: first.armed, milliseconds: 1000)
    #expect(second == TrialTable(of: tables[2], beside: tables[0], milliseconds: 1000))
  }

  private func table(_ policy: Policy) -> Table {
    let policies = HostPolicies(policy)
    return RulesetCompiler(policy, policies).compile(policies.distinct[0])
  }

  /// What the kernel has when the clock's element is gone.
  private func expired(_ table: Table) -> Table {
    let sets = table.sets.map { set in
      set.name == TrialName.clock ? set.holding(.none(keyLength: set.elements.keyLength)) : set
    }
    return Table(family: table.family, name: table.name, chains: table.chains, sets: sets)
  }

  private func newSides(_ base: Table, _ wanted: Table) -> Int {
    Side.allCases.count { base.base($0) == nil && wanted.base($0) != nil }
  }

  private func expectSame(_ table: Table, as other: Table, _ random: RandomPolicy, _ seed: Int) throws {
    try expectSame(table, as: other, beside: other, random, seed)
  }

  /// - Parameter beside: whose base chains the table has; `nil`: those that let everything pass.
  private func expectSame(
    _ table: Table, as other: Table, beside base: Table?, _ random: RandomPolicy, _ seed: Int
  ) throws {
    let (one, two) = (Evaluator(table), Evaluator(other))
    for side in Side.allCases {
      let endsFlows = base?.base(side).map { $0.rules.first?.expressions.last != .verdict(.accept) } ?? false
      for packet in random.packets(seed) {
        let got = one.evaluate(packet, at: side.hook)
        // A side without a chain lets everything pass, and so does what is established where no flow ends.
        let passes = other.base(side) == nil || packet.state == .established && !endsFlows
        #expect(got.isCertain)
        #expect(
          got.verdict == (passes ? .accept : two.evaluate(packet, at: side.hook).verdict), "\(side) \(packet)"
        )
      }
    }
  }

  /// Whether a rule has to go and come again, because a set that it looks into does.
  private func refersToReplaced(_ rule: Rule, _ old: Table, _ new: Table) -> Bool {
    rule.expressions.contains { expression in
      guard case .lookup(.named(let name), _, _, _) = expression, let a = old.set(name), let b = new.set(name)
      else { return false }
      return a.key != b.key || a.flags != b.flags || (a.size == nil) != (b.size == nil)
    }
  }
}
