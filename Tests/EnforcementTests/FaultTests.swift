import Addressing
import AgentProtocol
import Enforcement
import Foundation
import MemoryKernel
import Netlink
import Nftables
import Policy
import PolicyFixtures
import RulesetCompiler
import RulesetDiff
import RulesetShape
import Sessions
import Testing

/// What an apply says has happened is what has happened, whichever call to the kernel goes wrong.
@Suite struct FaultTests {
  /// What the host has, and what it is to have.
  struct Situation: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let before: [Table]
    let wanted: Table
  }

  static let situations: [Situation] = {
    let (old, new) = (tables(3)[0], tables(5003)[0])
    let odd = Table(
      family: old.family, name: old.name, flags: .dormant, chains: old.chains, sets: old.sets)
    return [
      Situation(testDescription: "no table", before: [], wanted: new),
      Situation(testDescription: "no table of ours", before: [bans], wanted: new),
      Situation(testDescription: "another table", before: [old, bans], wanted: new),
      Situation(testDescription: "a few elements", before: [group(2)], wanted: group(3)),
      Situation(testDescription: "a set that grows", before: [group(2)], wanted: group(40)),
      Situation(testDescription: "one that is switched off", before: [odd], wanted: new),
      Situation(
        testDescription: "ranges that come", before: [old, bans], wanted: ranges(3, named: "net.v4")),
      Situation(
        testDescription: "addresses that become ranges", before: [group(2)],
        wanted: ranges(3, named: "app.v4")),
      Situation(testDescription: "the same", before: [new, bans], wanted: new),
    ]
  }()

  @Test(arguments: situations, [false, true])
  func `what is told of a failure is what the kernel has`(_ situation: Situation, isBound: Bool) throws {
    let calls = try attempt(situation, nil, isBound: isBound)
    #expect(calls > 0)
    for call in 0..<calls {
      for place in MemoryKernel.Fault.Place.allCases {
        for errno in [KernelErrno.perm, .noMemory, .noBuffers, .invalid, .interrupted] {
          try attempt(situation, .init(call: call, place, errno), isBound: isBound)
        }
      }
    }
  }

  /// - Returns: how many calls it took.
  @discardableResult
  private func attempt(
    _ situation: Situation, _ fault: MemoryKernel.Fault?, isBound: Bool
  ) throws -> Int {
    let kernel = MemoryKernel(situation.before)
    let host = try makeHost(kernel)
    let seen = isBound ? try host.look(situation.wanted).seen : nil
    let before = kernel.table(.inet, .sekisho)
    kernel.fail(at: fault)
    let failure: AgentFailure?
    do throws(AgentFailure) {
      _ = try host.apply(Apply(situation.wanted, seen: seen)) { _ in }
      failure = nil
    } catch {
      failure = error
    }
    let calls = kernel.calls
    let after = kernel.table(.inet, .sekisho)
    // What is in force may still have a name for the time of the change.
    let waypoint = TableDiff.waypoint(from: before, to: situation.wanted)
    let isApplied = ([situation.wanted] + (waypoint.map { [$0] } ?? [])).contains {
      TableDiff.change(from: after, to: $0).isEmpty
    }
    let comment = Comment(rawValue: "\(String(describing: fault)): \(String(describing: failure))")
    switch failure?.happened {
    case nil, .applied: #expect(isApplied, comment)
    // The declared size of a set, which no packet sees, may have been raised ahead of the change.
    case .nothing:
      #expect(
        after == before
          || before.map { TableDiff.change(from: after, to: $0.table).isEmpty } ?? false, comment)
    // One fault alone leaves nothing unknown: the ruleset can be read again.
    case .unknown: Issue.record(comment)
    }
    if let failure {
      #expect(fault != nil)
      #expect(failure.happened != .applied || failure.code == .unproven, comment)
      if let waypoint, TableDiff.change(from: after, to: waypoint).isEmpty {
        #expect(waypoint.flags.contains(.dormant) || failure.happened == .applied, comment)
      }
      if let errno = failure.errno { #expect(errno.number == fault?.errno.rawValue, comment) }
      #expect(failure.errno != nil || failure.happened == .applied, comment)
    }
    #expect(kernel.table(.ipv4, "bans")?.table == situation.before.first { $0.name == "bans" })
    return calls
  }

  @Test(arguments: situations)
  func `a table that others keep changing is read again, whenever they begin`(_ situation: Situation) throws {
    let calls = try attempt(situation, nil, isBound: false)
    for call in 0..<calls {
      let kernel = MemoryKernel(situation.before)
      let host = try makeHost(kernel)
      kernel.tear(call..<call + 3)
      _ = try host.apply(Apply(situation.wanted, seen: nil)) { _ in }
      #expect(TableDiff.change(from: kernel.table(.inet, .sekisho), to: situation.wanted).isEmpty)
      // The same of those who only look.
      kernel.tear(0..<3)
      #expect(try host.read().tables.contains(situation.wanted))
      kernel.tear(0..<3)
      #expect(try host.list() != nil)
    }
  }

  @Test(arguments: situations)
  func `what became of a transaction is found out beside others who write`(_ situation: Situation) throws {
    let calls = try attempt(situation, nil, isBound: false)
    for call in 0..<calls {
      let kernel = MemoryKernel(situation.before)
      let host = try makeHost(kernel)
      kernel.fail(at: .init(call: call, .after, .noBuffers))
      kernel.tear(call + 1..<call + 4)
      do throws(AgentFailure) {
        _ = try host.apply(Apply(situation.wanted, seen: nil)) { _ in }
      } catch {
        #expect(error.happened != .unknown, "\(error)")
      }
    }
  }

  @Test func `an answer that is lost twice leaves open what has happened, and says so`() throws {
    let kernel = MemoryKernel([Self.group(2)])
    let host = try makeHost(kernel)
    let calls = try attempt(Self.situations[3], nil, isBound: false)
    var unknown = 0
    for call in 0..<calls {
      // From the fault on nothing can be read any more.
      kernel.fail(at: .init(call: call, .after, .noBuffers, isLasting: true))
      do throws(AgentFailure) {
        _ = try host.apply(Apply(Self.group(3), seen: nil)) { _ in }
      } catch {
        if error.happened == .unknown { unknown += 1 }
      }
    }
    #expect(unknown > 0)
  }

  @Test(arguments: 0..<12)
  func `somebody who adds to a set of his own between any two calls stops nothing`(call: Int) throws {
    for wanted in [
      Self.group(3), Self.group(40), Self.ranges(3, named: "net.v4"), Self.ranges(3, named: "app.v4"),
    ] {
      let kernel = MemoryKernel([Self.group(2), Self.bans])
      let host = try makeHost(kernel)
      let seen = try host.look(wanted).seen
      kernel.disturb { $0 == call ? [Self.ban(7)] : [] }
      _ = try host.apply(Apply(wanted, seen: seen)) { _ in }
      #expect(TableDiff.change(from: kernel.table(.inet, .sekisho), to: wanted).isEmpty)
    }
  }

  @Test(arguments: 0..<12)
  func `somebody who adds a rule between two calls is found, by name, or came too late`(call: Int) throws {
    let wanted = Self.group(3)
    let kernel = MemoryKernel([Self.group(2), Self.bans])
    let host = try makeHost(kernel)
    let seen = try host.look(wanted).seen
    let rule = Change(
      family: .ipv4, table: "bans", operations: [.addRule("c", Rule([.verdict(.drop)]), .last)])
    kernel.disturb { $0 == call ? [rule] : [] }
    do throws(AgentFailure) {
      _ = try host.apply(Apply(wanted, seen: seen)) { _ in }
      // It came behind the transaction, which was for the ruleset that was seen.
      #expect(call >= 2)
      #expect(TableDiff.change(from: kernel.table(.inet, .sekisho), to: wanted).isEmpty)
    } catch {
      #expect(error.code == .moved && error.message.contains("table ip bans"), "\(error)")
      #expect(kernel.table(.inet, .sekisho)?.table == Self.group(2))
    }
  }

  @Test(arguments: 0..<8)
  func `where somebody changes our table in the middle of a change nothing of it is left`(call: Int) throws {
    let wanted = Self.ranges(3, named: "net.v4")
    let kernel = MemoryKernel([Self.group(2), Self.bans])
    let host = try makeHost(kernel)
    let seen = try host.look(wanted).seen
    let rule = Change(family: .inet, table: .sekisho, operations: [.addRule("c", Rule([.counter]), .last)])
    kernel.disturb { $0 == call ? [rule] : [] }
    do throws(AgentFailure) {
      _ = try host.apply(Apply(wanted, seen: seen)) { _ in }
      #expect(call >= 3)
    } catch {
      // It came behind the transaction.
      if error.happened == .applied { return }
      #expect(error.code == .moved)
      let after = try #require(kernel.table(.inet, .sekisho)?.table)
      #expect(after.sets == Self.group(2).sets)
      #expect(after.chains.map(\.rules.count) == [1])
    }
  }

  @Test func `a first apply that nobody goes on with leaves no table`() throws {
    let kernel = MemoryKernel([Self.bans])
    let host = try makeHost(kernel)
    let wanted = Self.group(3)
    var had: Table?
    let failure = #expect(throws: AgentFailure.self) {
      try host.apply(Apply(wanted, seen: try host.look(wanted).seen)) { (step) throws(AgentFailure) in
        had = kernel.table(.inet, "sekisho/learning")?.table
        #expect(kernel.table(.inet, .sekisho) == nil)
        throw AgentFailure(.timedOut, "nobody is there")
      }
    }
    #expect(failure?.code == .timedOut)
    #expect(had?.flags == .owner)
    #expect(kernel.tables.map(\.title) == ["ip bans"])
    #expect(try host.apply(Apply(wanted, seen: nil)) { _ in }.operations > 0)
  }

  @Test(arguments: [true, false])
  func `a first apply tells connection tracking of the sessions that the table lets in`(canTell: Bool) throws
  {
    let kernel = MemoryKernel()
    let host = try makeHost(kernel)
    func end(_ last: UInt8, _ port: UInt16) -> SessionEnd {
      SessionEnd(Address(.ipv4, 0x0a00_0000 | UInt128(last)), port)
    }
    kernel.sockets = [
      TCPSocket(local: end(200, 80), remote: end(1, 40_000), state: .open),
      TCPSocket(local: end(200, 80), remote: end(99, 40_000), state: .open),
    ]
    if !canTell { kernel.tracked = nil }
    let wanted = Table(
      family: .inet, name: .sekisho,
      chains: [
        Chain(
          name: "input", base: BaseChain(hook: .input, policy: .drop),
          rules: [
            Rule([
              .payload(base: .network, offset: 12, length: 4, into: .r1),
              .compare(.equal, .r1, [10, 0, 0, 1]),
              .verdict(.accept),
            ])
          ]), Chain(name: "output", base: BaseChain(hook: .output, policy: .drop), rules: []),
      ], sets: [])
    let applied = try host.apply(Apply(wanted, seen: nil)) { _ in }
    #expect(applied.forgetsSilentSessions == (canTell ? nil : true))
    #expect(kernel.tracked == (canTell ? [Session(client: end(1, 40_000), server: end(200, 80))] : nil))
    // There is a table that tracks: whatever it does not know is no session.
    kernel.sockets = [TCPSocket(local: end(200, 80), remote: end(1, 40_001), state: .open)]
    _ = try host.apply(Apply(Self.group(3), seen: nil)) { _ in }
    #expect(kernel.tracked?.count ?? 1 == 1)
  }

  @Test func `an apply of what was looked at lists each set once, and again only what it changes`() throws {
    let kernel = MemoryKernel([Self.tables(3)[0], Self.bans])
    let host = try makeHost(kernel)
    let wanted = Self.tables(3)[0]
    let more = NamedSet(
      name: "more.v4", key: [.ipv4Address], flags: .interval,
      elements: SetElements(keyLength: 4, keys: [10, 0, 0, 1], lastKeys: [10, 0, 0, 9]))
    let changed = Table(family: .inet, name: .sekisho, chains: wanted.chains, sets: wanted.sets + [more])
    let seen = try host.look(changed).seen
    _ = try host.apply(Apply(changed, seen: seen)) { _ in }
    #expect(kernel.table(.inet, .sekisho)?.table == changed)
    #expect(
      kernel.listed == Dictionary(uniqueKeysWithValues: (changed.sets.map(\.name) + ["s"]).map { ($0, 1) }))
    // What stands between the two makes it be read again.
    let back = try host.look(wanted).seen
    kernel.commit(Self.ban(9))
    _ = try host.apply(Apply(wanted, seen: back)) { _ in }
    #expect(kernel.table(.inet, .sekisho)?.table == wanted)
    #expect(kernel.listed["s"] == 3)
  }

  @Test func `while a first apply learns, what others do to their rules still refuses it`() throws {
    let kernel = MemoryKernel([Self.bans])
    let host = try makeHost(kernel)
    let wanted = Self.group(3)
    let seen = try host.look(wanted).seen
    let failure = #expect(throws: AgentFailure.self) {
      try host.apply(Apply(wanted, seen: seen)) { _ in
        kernel.commit(
          Change(family: .ipv4, table: "bans", operations: [.addRule("c", Rule([.verdict(.drop)]), .last)]))
      }
    }
    #expect(failure?.code == .moved)
    #expect(kernel.tables.map(\.title) == ["ip bans"])
  }

  /// `nft flush ruleset` and a hand in our table, at every call.
  @Test(arguments: situations, [false, true])
  func `a change that somebody interferes with is not said to be in force where it is not`(
    _ situation: Situation, isFlush: Bool
  ) throws {
    let calls = try attempt(situation, nil, isBound: true)
    for call in 0..<calls {
      let kernel = MemoryKernel(situation.before)
      let host = try makeHost(kernel)
      let seen = try host.look(situation.wanted).seen
      kernel.disturb { at in
        if at != call { return [] }
        let change: Nftables.Operation =
          isFlush ? .deleteTable : .addChain("stranger", nil, comment: nil)
        return [Change(family: .inet, table: .sekisho, operations: [change])]
      }
      do throws(AgentFailure) {
        _ = try host.apply(Apply(situation.wanted, seen: seen)) { _ in }
      } catch {
        kernel.disturb(nil)
        guard error.happened == .applied else { continue }
        let after = kernel.table(.inet, .sekisho)
        let names = Set(situation.wanted.chains.filter { $0.base != nil }.map(\.name))
        // The proof comes a moment after the change; its words say that something else came behind it.
        #expect(
          error.message.contains("right after")
            || names.isSubset(of: Set((after?.table.chains ?? []).map(\.name))),
          "\(situation), call \(call): \(error)")
      }
    }
  }

  // MARK: - Tables

  private func makeHost(_ kernel: MemoryKernel) throws -> LocalHost {
    let directory = FileManager.default.temporaryDirectory.appending(path: "sekisho-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    return LocalHost(runtimeDirectory: directory.path, learning: .zero, kernel: kernel)
  }

  private static func tables(_ seed: UInt64) -> [Table] {
    let policy = RandomPolicy(seed: seed).policy
    let policies = HostPolicies(policy)
    let compiler = RulesetCompiler(policy, policies)
    return policies.distinct.map { compiler.compile($0) }
  }

  /// A table whose set has so many elements.
  private static func group(_ count: UInt8) -> Table {
    Table(
      family: .inet, name: .sekisho,
      chains: [Chain(name: "c", base: BaseChain(hook: .input, policy: .accept), rules: [])],
      sets: [
        NamedSet(
          name: "app.v4", key: [.ipv4Address], size: count > 16 ? 64 : 16,
          elements: SetElements(keyLength: 4, keys: (1...count).flatMap { [10, 0, 0, $0] }))
      ])
  }

  /// A table that lets a number of ranges in.
  private static func ranges(_ count: UInt8, named name: SetName) -> Table {
    Table(
      family: .inet, name: .sekisho,
      chains: [
        Chain(
          name: "c", base: BaseChain(hook: .input, policy: .accept),
          rules: [
            Rule([
              .payload(base: .network, offset: 12, length: 4, into: .r1),
              .lookup(.named(name), .r1, negated: false, into: nil), .verdict(.accept),
            ])
          ])
      ],
      sets: [
        NamedSet(
          name: name, key: [.ipv4Address], flags: .interval,
          elements: SetElements(
            keyLength: 4, keys: (1...count).flatMap { [10, 0, $0, 0] },
            lastKeys: (1...count).flatMap { [10, 0, $0, 99] }))
      ])
  }

  /// Somebody else's.
  private static let bans = Table(
    family: .ipv4, name: "bans",
    chains: [
      Chain(
        name: "c", base: BaseChain(hook: .input, priority: ChainPriority(rawValue: -1), policy: .accept),
        rules: [Rule([.counter])])
    ],
    sets: [NamedSet(name: "s", key: [.ipv4Address], elements: .none(keyLength: 4))])

  private static func ban(_ number: UInt8) -> Change {
    Change(
      family: .ipv4, table: "bans",
      operations: [
        .addElements(
          NamedSet(
            name: "s", key: [.ipv4Address], elements: SetElements(keyLength: 4, keys: [192, 0, 2, number])))
      ])
  }
}
