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
    KeptElement.cutOff(intruder, milliseconds: 600_000),
    .cutOff(Address(.ipv6, 0x2001_0db8 << 96 | 7), milliseconds: nil),
  ]
  private static let intruder = Address(.ipv4, 0x0a00_0007)
  private static let places = Set(cut.map(\.place))

  private func table(_ seed: UInt64) -> Table {
    let policy = RandomPolicy(seed: seed).policy
    let policies = HostPolicies(policy)
    return RulesetCompiler(policy, policies).compile(policies[HostID(0)])
  }

  private func kernel(_ table: Table) throws -> MemoryTable {
    var kernel = MemoryTable()
    try kernel.apply(TableDiff.change(from: nil, to: table))
    let made = try #require(kernel.installed).table
    try kernel.apply(Change(family: .inet, table: .sekisho, operations: made.adding(Self.cut)))
    return kernel
  }

  @Test(arguments: 0..<20) func `a change of the rules leaves it, and it is no difference`(seed: Int) throws {
    let (old, new) = (table(UInt64(seed)), table(UInt64(seed) + 900))
    var kernel = try kernel(old)
    let installed = try #require(kernel.installed)
    #expect(installed.table.kept == Self.places)
    #expect(TableDiff.change(from: installed, to: old).isEmpty)
    try kernel.apply(TableDiff.change(from: installed, to: new))
    #expect(kernel.installed?.table.kept == Self.places)
    #expect(TableDiff.change(from: kernel.installed, to: new.keeping(Self.cut)).isEmpty)
  }

  /// The kernel makes no set smaller, and of whom tripwires cut off no more than a share shall be.
  @Test func `a smaller share of whom tripwires cut off is a set of its own, and other sets keep their room`()
    throws
  {
    func table(_ name: SetName, _ size: UInt32) -> Table {
      let set = NamedSet(
        name: name, key: [.ipv4Address], flags: [.dynamic, .timeout], size: size,
        elements: .none(keyLength: 4))
      return Table(family: .inet, name: .sekisho, chains: [], sets: [set])
    }
    for (name, isReplaced) in [
      (SetMeaning.cut(.ipv4).name, true), (SetMeaning.tripped("scan", .ipv4).name, false),
    ] {
      for (before, after) in [(UInt32(1024), UInt32(1)), (1, 1024), (7, 7)] {
        var kernel = MemoryTable()
        try kernel.apply(TableDiff.change(from: nil, to: table(name, before)))
        let change = TableDiff.change(from: kernel.installed, to: table(name, after))
        #expect(change.isEmpty == (before == after || before > after && !isReplaced))
        try kernel.apply(change)
        let size = try #require(kernel.installed?.table.sets.first?.size)
        #expect(size == (isReplaced ? after : max(before, after)))
      }
    }
  }

  @Test func `a tripwire whose sets only take more or fewer has not changed`() throws {
    func table(_ size: UInt32, timeout: UInt64, flow: String) -> Table {
      let set = NamedSet(
        name: SetMeaning.counted("scan", .ipv4).name, key: [.ipv4Address], size: size, timeout: timeout,
        elements: SetElements(keyLength: 4, keys: [10, 0, 0, 1]))
      return Table(
        family: .inet, name: .sekisho,
        chains: [Chain(name: "in.web", rules: [Rule(compiling: [.accept], comment: flow)])], sets: [set])
    }
    for (size, timeout, isChanged) in [
      (UInt32(16), UInt64(1000), false), (64, 1000, false), (16, 2000, true),
    ] {
      var kernel = MemoryTable()
      try kernel.apply(TableDiff.change(from: nil, to: table(64, timeout: 1000, flow: "f")))
      let wanted = table(size, timeout: timeout, flow: "g")
      let told = ChangeDescription(
        TableDiff.change(from: kernel.installed, to: wanted), from: kernel.installed, to: wanted)
      #expect((told.tripwires != nil) == isChanged)
    }
  }

  @Test(arguments: 0..<20) func `a trial asks for it, and so do the rules behind it`(seed: Int) throws {
    var kernel = try kernel(table(UInt64(seed)))
    let wanted = table(UInt64(seed) + 900)
    let installed = try #require(kernel.installed)
    let trial = TrialTable(of: wanted, beside: installed.table, milliseconds: 60_000)
    try kernel.apply(TableDiff.change(from: installed, to: trial.prepared))
    try kernel.apply(TableDiff.change(from: kernel.installed, to: trial.armed))
    let armed = try #require(kernel.installed).table
    #expect(armed.sets.count(where: \.isKeptByHost) >= 6)
    let asked = Set(
      armed.chains.flatMap(\.rules).filter { [.quarantined, .opened].contains(RuleNote($0)) }
        .flatMap(\.expressions).compactMap { expression -> SetName? in
          if case .lookup(.named(let name), _, _, _) = expression { name } else { nil }
        })
    #expect(asked == Set(armed.sets.filter(\.isKeptByHost).map(\.name)))
    try kernel.apply(TableDiff.change(from: kernel.installed, to: wanted))
    #expect(kernel.installed?.table.kept == Self.places)
  }

  @Test func `beside rules that do not ask for it a trial brings sets of its own`() throws {
    let old = table(1)
    let bare = Table(
      family: old.family, name: old.name,
      chains: old.chains.filter { ChainMeaning($0.name) != .quarantine }.map { chain in
        Chain(
          name: chain.name, base: chain.base,
          rules: chain.rules.filter {
            $0.expressions.last != .verdict(.jump("quarantine")) && RuleNote($0) != .opened
          })
      }, sets: old.sets.filter { !$0.isKeptByHost })
    var kernel = MemoryTable()
    try kernel.apply(TableDiff.change(from: nil, to: bare))
    let installed = try #require(kernel.installed)
    #expect(!installed.table.asks(for: Self.cut))
    let trial = TrialTable(of: table(2), beside: installed.table, milliseconds: 60_000)
    try kernel.apply(TableDiff.change(from: installed, to: trial.prepared))
    try kernel.apply(TableDiff.change(from: kernel.installed, to: trial.armed))
    let armed = try #require(kernel.installed).table
    #expect(armed.asks(for: Self.cut))
    try kernel.apply(Change(family: .inet, table: .sekisho, operations: armed.adding(Self.cut)))
    #expect(kernel.installed?.table.kept == Self.places)
  }

  @Test func `a door is a key of addresses, protocol and port`() throws {
    let (one, other) = (Address(.ipv4, 0x0a00_0001), Address(.ipv4, 0x0a00_0002))
    let door = try #require(KeptElement.opened(.input, [one], .tcp, 0x1538, milliseconds: 1000))
    #expect(door.set == .opened(.input, .ipv4) && door.key == [10, 0, 0, 1, 6, 0, 0, 0, 0x15, 0x38, 0, 0])
    let through = try #require(KeptElement.opened(.forward, [one, other], .udp, 53, milliseconds: nil))
    #expect(through.key == [10, 0, 0, 1, 10, 0, 0, 2, 17, 0, 0, 0, 0, 53, 0, 0])
    #expect(KeptElement.opened(.input, [one, other], .tcp, 1, milliseconds: nil) == nil)
    #expect(KeptElement.opened(.forward, [one], .tcp, 1, milliseconds: nil) == nil)
    #expect(KeptElement.opened(.input, [], .tcp, 1, milliseconds: nil) == nil)
    #expect(KeptElement.opened(.forward, [one, Address(.ipv6, 1)], .tcp, 1, milliseconds: nil) == nil)
    var kernel = try kernel(table(3))
    let present = try #require(kernel.installed).table
    #expect(present.asks(for: [door]))
    try kernel.apply(Change(family: .inet, table: .sekisho, operations: present.adding([door])))
    #expect(kernel.installed?.table.kept == Self.places.union([door.place]))
    #expect(TableDiff.change(from: kernel.installed, to: table(3)).isEmpty)
  }

  @Test func `a time that is given anew takes the place of the one from before`() throws {
    var kernel = try kernel(table(1))
    let again = [KeptElement.cutOff(Self.intruder, milliseconds: 5000)]
    var present = try #require(kernel.installed).table
    try kernel.apply(Change(family: .inet, table: .sekisho, operations: present.adding(again)))
    present = try #require(kernel.installed).table
    let set = try #require(present.set(SetMeaning.quarantine(.ipv4).name))
    #expect(set.elements.count == 1 && set.elements.attributes[0]?.timeout == 5000)
    let stranger = KeptElement.cutOff(Address(.ipv4, 1), milliseconds: nil).place
    let gone = present.removing([Self.cut[0].place, stranger])
    try kernel.apply(Change(family: .inet, table: .sekisho, operations: gone))
    #expect(kernel.installed?.table.kept == [Self.cut[1].place])
    #expect(try #require(kernel.installed).table.removing([stranger]).isEmpty)
  }
}
