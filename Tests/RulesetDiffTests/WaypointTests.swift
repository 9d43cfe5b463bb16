import MemoryKernel
import Nftables
import Policy
import PolicyFixtures
import RulesetCompiler
import RulesetDiff
import RulesetShape
import Testing

/// What a kernel has between two transactions of a change.
@Suite struct WaypointTests {
  @Test(arguments: 0..<80)
  func `every state on the way judges as the old table or as the wanted one`(seed: Int) throws {
    let random = [RandomPolicy(seed: UInt64(seed)), RandomPolicy(seed: UInt64(seed) + 9000)]
    let packets = random.flatMap { $0.packets(seed) }
    let tables = random.map { Self.tables($0.policy) }
    for (old, wanted) in zip(tables[0], tables[1]) {
      var kernel = MemoryTable()
      try kernel.apply(TableDiff.change(from: nil, to: old))
      var judging = old
      var rounds = 0
      while true {
        let installed = try #require(kernel.installed)
        let waypoint = TableDiff.waypoint(from: installed, to: wanted)
        let change = TableDiff.change(from: installed, to: waypoint ?? wanted)
        if change.isEmpty { break }
        for (number, step) in change.steps.enumerated() {
          try kernel.apply(step)
          if number == change.steps.count - 1 { judging = wanted }
          let table = try #require(kernel.installed?.table)
          Self.expectSame(table, as: judging, packets)
          Self.expectFilled(step, in: table)
        }
        rounds += 1
        try #require(rounds <= 3)
      }
      #expect(TableDiff.change(from: kernel.installed, to: wanted).isEmpty)
    }
  }

  @Test(arguments: 0..<30)
  func `a first table is led to when its ranges are there`(seed: Int) throws {
    let random = RandomPolicy(seed: UInt64(seed))
    for wanted in Self.tables(random.policy) {
      var kernel = MemoryTable()
      for step in TableDiff.change(from: nil, to: wanted).steps {
        try kernel.apply(step)
        Self.expectFilled(step, in: try #require(kernel.installed?.table))
      }
      #expect(TableDiff.change(from: kernel.installed, to: wanted).isEmpty)
    }
  }

  @Test func `what takes the place of another kind gets a name that nothing has`() throws {
    let hash = NamedSet(
      name: "app.v4", key: [.ipv4Address], size: 16, elements: SetElements(keyLength: 4, keys: [10, 0, 0, 1]))
    let ranges = Self.ranges("app.v4")
    func table(_ sets: [NamedSet]) -> Table {
      let lookup = Expression.lookup(.named("app.v4"), .r1, negated: false, into: nil)
      let source = Expression.payload(base: .network, offset: 12, length: 4, into: .r1)
      return Table(
        family: .inet, name: "sekisho",
        chains: [
          Chain(
            name: "input", base: BaseChain(hook: .input, policy: .drop),
            rules: [Rule([source, lookup, .verdict(.accept)])])
        ], sets: sets)
    }
    for others in [[], [Self.ranges("app.v4/next")]] {
      var kernel = MemoryTable()
      try kernel.apply(TableDiff.change(from: nil, to: table([hash] + others)))
      let waypoint = try #require(TableDiff.waypoint(from: kernel.installed, to: table([ranges])))
      #expect(waypoint.sets.map(\.name) == [others.isEmpty ? "app.v4/next" : "app.v4/next2"])
      try kernel.apply(TableDiff.change(from: kernel.installed, to: waypoint))
      #expect(TableDiff.waypoint(from: kernel.installed, to: table([ranges])) == nil)
      try kernel.apply(TableDiff.change(from: kernel.installed, to: table([ranges])))
      #expect(kernel.installed?.table == table([ranges]))
    }
    // A stranger's set of a kind that is not modelled has the name.
    let strange = InstalledTable(
      table: Table(
        family: .inet, name: "sekisho", chains: table([]).chains, sets: [],
        others: [OpaqueObject(kind: "counter", name: "hits"), OpaqueObject(kind: "set", name: "app.v4")]),
      rules: ["input": [RuleState(handle: 3, counter: nil)]], otherHandles: [7, 8], generation: 4)
    var kernel = MemoryTable(strange)
    let waypoint = try #require(TableDiff.waypoint(from: strange, to: table([ranges])))
    try kernel.apply(TableDiff.change(from: strange, to: waypoint))
    try kernel.apply(TableDiff.change(from: kernel.installed, to: table([ranges])))
    #expect(kernel.installed?.table == table([ranges]))
  }

  @Test func `a map goes when nobody can be asking it any more, and so do the chains it led to`() throws {
    let old = Self.tables(RandomPolicy(seed: 3).policy)[0]
    let gone = old.sets.filter { $0.data != nil }.map(\.name)
    let led = old.chains.filter { $0.name.description.hasPrefix("in.") }.map(\.name)
    try #require(!gone.isEmpty && !led.isEmpty)
    // Ends in a denial alone, as the last of its chains does.
    let wanted = Table(
      family: old.family, name: old.name, comment: old.comment,
      chains: old.chains.filter { $0.base != nil }.map {
        Chain(name: $0.name, base: $0.base, comment: $0.comment, rules: [])
      }, sets: [])
    var kernel = MemoryTable()
    try kernel.apply(TableDiff.change(from: nil, to: old))
    let waypoint = try #require(TableDiff.waypoint(from: kernel.installed, to: wanted))
    #expect(waypoint.sets.map(\.name) == gone)
    #expect(!waypoint.chains.contains { !$0.rules.isEmpty })
    #expect(Set(led).isSubset(of: waypoint.chains.map(\.name)))
    for table in [waypoint, wanted] {
      for step in TableDiff.change(from: kernel.installed, to: table).steps { try kernel.apply(step) }
    }
    #expect(kernel.installed?.table == wanted)
    #expect(TableDiff.waypoint(from: kernel.installed, to: wanted) == nil)
  }

  @Test func `a table that is switched off is made right before it is switched on`() throws {
    let (old, wanted) = (
      Self.tables(RandomPolicy(seed: 3).policy)[0], Self.tables(RandomPolicy(seed: 5003).policy)[0]
    )
    let asleep = Table(
      family: old.family, name: old.name, flags: .dormant, chains: old.chains, sets: old.sets)
    var kernel = MemoryTable()
    try kernel.apply(TableDiff.change(from: nil, to: asleep))
    let waypoint = try #require(TableDiff.waypoint(from: kernel.installed, to: wanted))
    for step in TableDiff.change(from: kernel.installed, to: waypoint).steps {
      try kernel.apply(step)
      #expect(kernel.installed?.table.flags == .dormant)
    }
    #expect(TableDiff.waypoint(from: kernel.installed, to: wanted) == nil)
    let last = TableDiff.change(from: kernel.installed, to: wanted)
    #expect(last.operations == [.setFlags([])])
    try kernel.apply(last)
    #expect(TableDiff.change(from: kernel.installed, to: wanted).isEmpty)
  }

  @Test func `ranges that are written in a rule come in a chain of their own`() throws {
    func table(_ last: UInt8) -> Table {
      let groups = InlineSet(
        key: [.ipv4Address], flags: .interval,
        elements: SetElements(
          keyLength: 4, keys: [224, 0, 0, 1, 239, 0, 0, 0], lastKeys: [224, 0, 0, 1, 239, 0, 0, last]))
      let destination = Expression.payload(base: .network, offset: 16, length: 4, into: .r1)
      let rule = Rule([
        destination, .lookup(.inline(groups), .r1, negated: false, into: nil), .verdict(.accept),
      ])
      return Table(
        family: .inet, name: "sekisho",
        chains: [
          Chain(
            name: "output", base: BaseChain(hook: .output, policy: .drop),
            rules: [Rule([.verdict(.jump("out.mdns"))])]), Chain(name: "out.mdns", rules: [rule]),
        ], sets: [])
    }
    var kernel = MemoryTable()
    try kernel.apply(TableDiff.change(from: nil, to: table(7)))
    #expect(TableDiff.waypoint(from: kernel.installed, to: table(7)) == nil)
    let waypoint = try #require(TableDiff.waypoint(from: kernel.installed, to: table(9)))
    for wanted in [waypoint, table(9)] {
      for step in TableDiff.change(from: kernel.installed, to: wanted).steps {
        try kernel.apply(step)
        Self.expectFilled(step, in: try #require(kernel.installed?.table))
      }
    }
    #expect(kernel.installed?.table == table(9))
  }

  private static func ranges(_ name: SetName) -> NamedSet {
    NamedSet(
      name: name, key: [.ipv4Address], flags: .interval,
      elements: SetElements(keyLength: 4, keys: [10, 0, 0, 0], lastKeys: [10, 0, 0, 9]))
  }

  private static func tables(_ policy: Policy) -> [Table] {
    let policies = HostPolicies(policy)
    let compiler = RulesetCompiler(policy, policies)
    return policies.distinct.map { compiler.compile($0) }
  }

  private static func expectSame(_ table: Table, as other: Table, _ packets: [Packet]) {
    let (one, two) = (Evaluator(table), Evaluator(other))
    for side in Side.allCases {
      for packet in packets {
        let (found, judged) = (one.evaluate(packet, at: side.hook), two.evaluate(packet, at: side.hook))
        #expect(found.verdict == judged.verdict, "\(side) \(packet)")
      }
    }
  }

  /// No packet is led to ranges that come with the same transaction, but by the rule of a base chain that denies
  /// sources which no flow means.
  private static func expectFilled(_ step: Change, in table: Table) {
    var made: Set<SetName> = []
    for case .addSet(let set) in step.operations where set.flags.contains(.interval) { made.insert(set.name) }
    var reached: Set<ChainName> = []
    var waiting = table.chains.filter { $0.base != nil }.map(\.name)
    while let name = waiting.popLast() {
      guard reached.insert(name).inserted, let chain = table.chain(name) else { continue }
      for expression in chain.rules.flatMap(\.expressions) {
        switch expression {
        case .verdict(let verdict): waiting += verdict.chain.map { [$0] } ?? []
        case .lookup(.named(let set), _, _, _):
          #expect(!made.contains(set))
          if case .verdicts(let verdicts)? = table.set(set)?.elements.payload {
            waiting += verdicts.compactMap(\.chain)
          }
        default: break
        }
      }
    }
    for case .addRule(let name, let rule, _) in step.operations
    where reached.contains(name) && table.chain(name)?.base == nil {
      let hasRanges = rule.expressions.contains { expression in
        if case .lookup(.inline(let set), _, _, _) = expression {
          set.flags.contains(.interval)
        } else {
          false
        }
      }
      #expect(!hasRanges)
    }
  }
}
