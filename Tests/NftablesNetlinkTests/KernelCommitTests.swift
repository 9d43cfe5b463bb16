import Netlink
import Nftables
import NftablesNetlink
import Testing

@Suite(.enabled(if: KernelTrait.isPossible, "this user may not make network namespaces"))
struct KernelCommitTests {
  private static let base = BaseChain(hook: .input, policy: .accept)

  private func change(_ operations: Nftables.Operation...) -> Change {
    Change(family: .inet, table: "t", operations: operations)
  }

  private func set(
    _ name: SetName, _ keys: [UInt32], last: [UInt32]? = nil, flags: SetFlags = [], size: UInt32? = nil,
    key: [DataType] = [.ipv4Address]
  ) -> NamedSet {
    NamedSet(
      name: name, key: key, flags: flags, size: size,
      elements: SetElements(keyLength: 4, keys: packed(keys), lastKeys: last.map(packed)))
  }

  private func packed(_ numbers: [UInt32]) -> [UInt8] {
    numbers.flatMap { number in (0..<4).map { UInt8(truncatingIfNeeded: number >> UInt32(24 - 8 * $0)) } }
  }

  @Test(.namespace) func `a table is made, found, and gone again`() throws {
    let connection = try NftablesConnection()
    #expect(try connection.table(.inet, "t") == nil)
    #expect(try connection.tables().isEmpty)
    let before = try connection.generation()
    let made = try connection.commit(
      change(.addTable(comment: "ours"), .addChain("in", Self.base, comment: nil)), expecting: before)
    #expect(made == before + 1)
    #expect(try connection.generation() == made)
    #expect(try connection.tables().map(\.comment) == ["ours"])
    #expect(try connection.baseChains().map(\.chain.name) == ["in"])
    #expect(try connection.table(.inet, "t")?.generation == made)
    try connection.commit(change(.setPolicy("in", .drop)), expecting: made)
    #expect(try connection.table(.inet, "t")?.table.chain("in")?.base?.policy == .drop)
    try connection.commit(change(.deleteTable), expecting: nil)
    #expect(try connection.table(.inet, "t") == nil)
  }

  @Test(.namespace) func `a change that changes nothing succeeds and makes no generation`() throws {
    let connection = try NftablesConnection()
    let made = try connection.commit(change(.addTable(comment: nil)), expecting: nil)
    #expect(try connection.commit(change(.addTable(comment: nil)), expecting: made) == made)
    #expect(try connection.commit(change(), expecting: made) == made)
  }

  @Test(.namespace) func `a bad message in the middle leaves the kernel as it was and is named`() throws {
    let connection = try NftablesConnection()
    let made = try connection.commit(
      change(.addTable(comment: nil), .addChain("in", Self.base, comment: nil)), expecting: nil)
    let before = try connection.table(.inet, "t")
    let bad = change(
      .addSet(set("app.v4", [1, 2])),
      .addRule("in", Rule([.verdict(.jump("absent"))], comment: "api-to-db"), .last),
      .addRule("in", Rule([.counter]), .last))
    let error = #expect(throws: CommitError.self) { try connection.commit(bad, expecting: made) }
    let refusals = try #require(error?.refusals)
    #expect(refusals.count == 1)
    #expect(refusals.first?.operation == 1)
    #expect(refusals.first?.code == .noEntry)
    #expect(refusals.first?.object == "rule \"api-to-db\" of chain in in table inet t")
    #expect(try connection.table(.inet, "t") == before)
  }

  @Test(.namespace) func `a stale generation is told from every other refusal`() throws {
    let connection = try NftablesConnection()
    let made = try connection.commit(change(.addTable(comment: nil)), expecting: nil)
    _ = try nft("add", "table", "inet", "other")
    #expect(throws: CommitError.moved(expected: made)) {
      try connection.commit(change(.deleteTable), expecting: made)
    }
    #expect(try connection.tables().map(\.name) == ["other", "t"])
  }

  @Test(.namespace) func `a full set is named, and the element that did not fit`() throws {
    let connection = try NftablesConnection()
    let small = set("app.v4", [0x0a00_0001, 0x0a00_0002], size: 2)
    try connection.commit(change(.addTable(comment: nil), .addSet(small)), expecting: nil)
    let error = #expect(throws: CommitError.self) {
      try connection.commit(change(.addElements(set("app.v4", [0x0a00_0003], size: 2))), expecting: nil)
    }
    #expect(
      error?.description
        == "the kernel refused the transaction, nothing was changed: set app.v4 in table inet t, "
        + "element 10.0.0.3: too many elements (ENFILE)")
    // The new size counts from the next transaction on.
    try connection.commit(change(.resizeSet(small, to: 4)), expecting: nil)
    try connection.commit(change(.addElements(set("app.v4", [0x0a00_0003], size: 4))), expecting: nil)
    let installed = try #require(try connection.table(.inet, "t")?.table.set("app.v4"))
    #expect(installed.elements.count == 3)
    #expect(installed.size == 4)
  }

  @Test(.namespace) func `a set that is there with another type is not taken over`() throws {
    let connection = try NftablesConnection()
    try connection.commit(change(.addTable(comment: nil), .addSet(set("s", [1]))), expecting: nil)
    for other in [set("s", [2], key: [.mark]), set("s", [2])] {
      let error = #expect(throws: CommitError.self) {
        try connection.commit(change(.addSet(other)), expecting: nil)
      }
      let refusals = try #require(error?.refusals)
      #expect(refusals.map(\.code) == [.exists])
    }
    #expect(try connection.table(.inet, "t")?.table.set("s")?.elements.count == 1)
  }

  @Test(.namespace) func `an absent element cannot be deleted, and is named`() throws {
    let connection = try NftablesConnection()
    try connection.commit(change(.addTable(comment: nil), .addSet(set("s", [1]))), expecting: nil)
    let error = #expect(throws: CommitError.self) {
      try connection.commit(change(.deleteElements(set("s", [1, 0x0a00_0001]))), expecting: nil)
    }
    let refusals = try #require(error?.refusals)
    #expect(refusals.map(\.element) == ["10.0.0.1"])
    #expect(try connection.table(.inet, "t")?.table.set("s")?.elements.count == 1)
  }

  @Test(.namespace) func `single ranges come to and leave an interval set, and nothing else changes`() throws
  {
    let connection = try NftablesConnection()
    func ranges(_ pairs: [(UInt32, UInt32)]) -> NamedSet {
      set("s", pairs.map(\.0), last: pairs.map(\.1), flags: .interval)
    }
    var expected: [(UInt32, UInt32)] = [(10, 19), (40, 49)]
    try connection.commit(change(.addTable(comment: nil), .addSet(ranges(expected))), expecting: nil)
    let steps: [(add: [(UInt32, UInt32)], delete: [(UInt32, UInt32)])] = [
      ([(20, 29)], []), ([(0, 5)], []), ([(.max - 3, .max)], []), ([(50, 50)], [(40, 49)]),
      ([(10, 29)], [(10, 19), (20, 29)]), ([], [(0, 5)]), ([(100, 100)], [(.max - 3, .max)]),
      ([], [(10, 29), (50, 50), (100, 100)]), ([(7, 8)], []),
    ]
    for step in steps {
      var operations: [Nftables.Operation] = []
      if !step.delete.isEmpty { operations.append(.deleteElements(ranges(step.delete))) }
      if !step.add.isEmpty { operations.append(.addElements(ranges(step.add))) }
      try connection.commit(Change(family: .inet, table: "t", operations: operations), expecting: nil)
      expected.removeAll { range in step.delete.contains { $0 == range } }
      expected = (expected + step.add).sorted { $0.0 < $1.0 }
      let installed = try #require(try connection.table(.inet, "t")?.table.set("s"))
      #expect(installed.elements == (expected.isEmpty ? .none(keyLength: 4) : ranges(expected).elements))
      #expect(
        try connection.elements(ranges(step.add), family: .inet, table: "t")
          == (step.add.isEmpty ? .none(keyLength: 4) : ranges(step.add).elements))
    }
  }

  @Test(.namespace) func `elements are found by key without listing the set`() throws {
    let connection = try NftablesConnection()
    let keys = (0..<1000).map { UInt32($0 * 2) }
    try connection.commit(change(.addTable(comment: nil), .addSet(set("s", keys))), expecting: nil)
    let asked = set("s", (0..<300).map { UInt32($0) })
    let found = try connection.elements(asked, family: .inet, table: "t")
    #expect(found == set("s", (0..<150).map { UInt32($0 * 2) }).elements)
  }

  @Test(.namespace) func `a rule goes before another, and out by its handle`() throws {
    let connection = try NftablesConnection()
    func rule(_ comment: String) -> Rule { Rule([.counter], comment: comment) }
    try connection.commit(
      change(
        .addTable(comment: nil), .addChain("in", Self.base, comment: nil), .addRule("in", rule("a"), .last),
        .addRule("in", rule("c"), .last)), expecting: nil)
    let states = try #require(try connection.table(.inet, "t")?.rules["in"])
    try connection.commit(
      change(
        .deleteRule("in", handle: states[0].handle),
        .addRule("in", rule("b"), .before(handle: states[1].handle))), expecting: nil)
    let installed = try #require(try connection.table(.inet, "t"))
    #expect(installed.table.chain("in")?.rules.map(\.comment) == ["b", "c"])
    #expect(
      installed.rules["in"]?.map(\.counter) == [
        CounterValues(packets: 0, bytes: 0), CounterValues(packets: 0, bytes: 0),
      ])
  }

  @Test(.namespace) func `ten thousand bad rules and ten thousand good ones, in a small buffer`() throws {
    // The kernel doubles the number: 212,992 bytes, what a process without privileges gets by default.
    let connection = NftablesConnection(over: try KernelSocket(receiveQueue: 106_496))
    let made = try connection.commit(
      change(.addTable(comment: nil), .addChain("in", Self.base, comment: nil)), expecting: nil)
    func rules(_ expression: Expression) -> [Nftables.Operation] {
      (0..<10_000).map { _ in .addRule("in", Rule([expression]), .last) }
    }
    // So many errors that the kernel cannot tell them all.
    let error = #expect(throws: CommitError.self) {
      try connection.commit(
        Change(family: .inet, table: "t", operations: rules(.verdict(.jump("absent")))), expecting: made)
    }
    switch error {
    case .refused(let refusals)?:
      #expect(refusals.first?.operation == 0)
      #expect(refusals.count < 10_000)
      print("measured: \(refusals.count) of 10,000 errors came through 212,992 bytes")
    case .netlink(.tooLarge)?: break
    default: Issue.record("\(String(describing: error))")
    }
    #expect(try connection.table(.inet, "t")?.rules["in"]?.isEmpty == true)
    do throws(CommitError) {
      try connection.commit(
        Change(family: .inet, table: "t", operations: rules(.counter)), expecting: made)
    } catch .netlink(.tooLarge(let bytes, let limit)) {
      print("measured: 10,000 rules are \(bytes) bytes, an unprivileged socket sends \(limit)")
      return
    }
    #expect(try connection.table(.inet, "t")?.rules["in"]?.count == 10_000)
  }

  @Test(.rootNamespace, .enabled(if: KernelTrait.isPossibleAsRoot, "only root may send so much at once"))
  func `half a million elements go in one transaction`() throws {
    let connection = try NftablesConnection()
    let clock = ContinuousClock()
    for (count, note) in [(100_000, "sized"), (500_000, "sized")] {
      let numbers = (0..<UInt32(count)).map { $0 &* 7919 &+ 0x0a00_0000 }
      let many = set("s", numbers, size: UInt32(count))
      let adding = try clock.measure {
        try connection.commit(change(.addTable(comment: nil), .addSet(many)), expecting: nil)
      }
      var installed: InstalledTable?
      let reading = try clock.measure { installed = try connection.table(.inet, "t") }
      #expect(installed?.table.sets.first?.elements == many.elements)
      print("measured: \(count) elements, \(note): commit \(adding), read \(reading)")
      try connection.commit(change(.deleteTable), expecting: nil)
    }
  }
}

extension CommitError {
  var refusals: [KernelRefusal]? {
    if case .refused(let refusals) = self { refusals } else { nil }
  }
}
