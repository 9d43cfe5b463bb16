import Addressing
import MemoryKernel
import Nftables
import Policy
import PolicyFixtures
import RulesetCompiler
import RulesetDiff
import RulesetShape
import Testing

/// What a host has cut off stays, whatever becomes of its rules.
@Suite struct KeptSetTests {
  private static let cut = [
    CutOff(Address(.ipv4, 0x0a00_0007), milliseconds: 600_000),
    CutOff(Address(.ipv6, 0x2001_0db8 << 96 | 7), milliseconds: nil),
  ]

  private func table(_ seed: UInt64) -> Table {
    let policy = RandomPolicy(seed: seed).policy
    let policies = HostPolicies(policy)
    return RulesetCompiler(policy, policies).compile(policies[HostID(0)])
  }

  private func kernel(_ table: Table) throws -> MemoryTable {
    var kernel = MemoryTable()
    try kernel.apply(TableDiff.change(from: nil, to: table))
    let made = try #require(kernel.installed).table
    try kernel.apply(Change(family: .inet, table: .sekisho, operations: made.quarantining(Self.cut)))
    return kernel
  }

  @Test(arguments: 0..<20) func `a change of the rules leaves it, and it is no difference`(seed: Int) throws {
    let (old, new) = (table(UInt64(seed)), table(UInt64(seed) + 900))
    var kernel = try kernel(old)
    let installed = try #require(kernel.installed)
    #expect(installed.table.cutOff == Set(Self.cut.map(\.address)))
    #expect(TableDiff.change(from: installed, to: old).isEmpty)
    try kernel.apply(TableDiff.change(from: installed, to: new))
    #expect(kernel.installed?.table.cutOff == Set(Self.cut.map(\.address)))
    #expect(TableDiff.change(from: kernel.installed, to: new.cuttingOff(Self.cut)).isEmpty)
  }

  @Test(arguments: 0..<20) func `a trial asks for it, and so do the rules behind it`(seed: Int) throws {
    var kernel = try kernel(table(UInt64(seed)))
    let wanted = table(UInt64(seed) + 900)
    let installed = try #require(kernel.installed)
    let trial = TrialTable(of: wanted, beside: installed.table, milliseconds: 60_000)
    try kernel.apply(TableDiff.change(from: installed, to: trial.prepared))
    try kernel.apply(TableDiff.change(from: kernel.installed, to: trial.armed))
    let armed = try #require(kernel.installed).table
    #expect(armed.sets.count(where: \.isKeptByHost) == 2)
    let asked = Set(
      armed.chains.flatMap(\.rules).filter { $0.comment == RuleNote.quarantined.rawValue }
        .flatMap(\.expressions).compactMap { expression -> SetName? in
          if case .lookup(.named(let name), _, _, _) = expression { name } else { nil }
        })
    #expect(asked == Set(armed.sets.filter(\.isKeptByHost).map(\.name)))
    try kernel.apply(TableDiff.change(from: kernel.installed, to: wanted))
    #expect(kernel.installed?.table.cutOff == Set(Self.cut.map(\.address)))
  }

  @Test func `beside rules that do not ask for it a trial brings sets of its own`() throws {
    let old = table(1)
    let bare = Table(
      family: old.family, name: old.name,
      chains: old.chains.filter { ChainMeaning($0.name) != .quarantine }.map { chain in
        Chain(
          name: chain.name, base: chain.base,
          rules: chain.rules.filter { $0.expressions.last != .verdict(.jump("quarantine")) })
      }, sets: old.sets.filter { !$0.isKeptByHost })
    var kernel = MemoryTable()
    try kernel.apply(TableDiff.change(from: nil, to: bare))
    let installed = try #require(kernel.installed)
    #expect(!installed.table.asksForQuarantine)
    let trial = TrialTable(of: table(2), beside: installed.table, milliseconds: 60_000)
    try kernel.apply(TableDiff.change(from: installed, to: trial.prepared))
    try kernel.apply(TableDiff.change(from: kernel.installed, to: trial.armed))
    let armed = try #require(kernel.installed).table
    #expect(armed.asksForQuarantine)
    try kernel.apply(Change(family: .inet, table: .sekisho, operations: armed.quarantining(Self.cut)))
    #expect(kernel.installed?.table.cutOff == Set(Self.cut.map(\.address)))
  }

  @Test func `a time that is given anew takes the place of the one from before`() throws {
    var kernel = try kernel(table(1))
    let again = [CutOff(Self.cut[0].address, milliseconds: 5000)]
    var present = try #require(kernel.installed).table
    try kernel.apply(Change(family: .inet, table: .sekisho, operations: present.quarantining(again)))
    present = try #require(kernel.installed).table
    let set = try #require(present.set(SetMeaning.quarantine(.ipv4).name))
    #expect(set.elements.count == 1 && set.elements.attributes[0]?.timeout == 5000)
    let gone = present.releasing([Self.cut[0].address, Address(.ipv4, 1)])
    try kernel.apply(Change(family: .inet, table: .sekisho, operations: gone))
    #expect(kernel.installed?.table.cutOff == [Self.cut[1].address])
    #expect(try #require(kernel.installed).table.releasing([Address(.ipv4, 1)]).isEmpty)
  }
}
