import AgentProtocol
import Foundation
import HostLife
import HostState
import HostStore
import MemoryKernel
import Nftables
import RulesetShape
import Signing
import Testing

/// What comes with a ruleset: times, revisions and whose it is, on a host that asks for no signatures. What signatures count is for
/// HostileTests, with ssh-keygen.
@Suite struct ApprovingTests {
  private static let reason = HostLife.Reason(why: nil, meaning: "a test")
  private let tables = Place.tables

  private func signed(
    _ table: Table, revision: Int64, made: Int64, notAfter: Int64? = nil, host: String = "a"
  ) throws -> SignedIndex {
    let index = ChangeIndex(
      revision: revision, made: made, notAfter: notAfter ?? made + ChangeIndex.usualTime, inventory: nil,
      git: nil, guards: [],
      hosts: [.init(name: "a", ruleset: HostStore.digest(try table.fileJSON()), addresses: [])])
    return SignedIndex(host: host, index: index.encoded(), signatures: [])
  }

  private func adopt(_ table: Table, _ place: Place, _ signed: SignedIndex?) throws {
    _ = try place.life.adopt(table, seen: nil, isLearning: true, signed: signed, Self.reason) { _ in }
  }

  static let year: Int64 = 365 * 86_400
  static let clocks: [(ahead: Int64, words: String?)] = [
    (0, nil), (year, "was good until"), (-year, "is to come"), (ChangeIndex.usualTime, nil),
    (ChangeIndex.usualTime + 1, "was good until"), (-600, nil), (-601, "is to come"),
  ]

  @Test(arguments: clocks) func `a clock that is wrong takes nothing, and nothing is touched`(
    ahead: Int64, words: String?
  ) throws {
    let place = try Place()
    try adopt(tables[0], place, nil)
    let before = place.kernel.table(.inet, .sekisho)?.table
    let signed = try signed(tables[1], revision: 2, made: place.now)
    place.now += ahead
    do {
      try adopt(tables[1], place, signed)
      #expect(words == nil)
    } catch let failure as AgentFailure {
      let words = try #require(words)
      #expect(failure.code == .unapproved && failure.message.contains(words), "\(failure)")
      #expect(place.kernel.table(.inet, .sekisho)?.table == before)
      #expect(throws: AgentFailure.self) {
        try place.life.arm(.table(tables[1]), seen: nil, seconds: 60, signed: signed, Self.reason) {}
      }
      #expect(!place.isArmed)
    }
  }

  @Test func `a ruleset is the one that the index names for the host, or none`() throws {
    let place = try Place()
    for (table, host) in [(tables[2], "a"), (tables[1], "b")] {
      let signed = try signed(tables[1], revision: 2, made: place.now, host: host)
      let failure = #expect(throws: AgentFailure.self) { try adopt(table, place, signed) }
      #expect(failure?.code == .unapproved)
    }
    #expect(place.judge == nil)
  }

  @Test func `a trial that was not confirmed does not count, and one that was counts for good`() throws {
    let place = try Place()
    try adopt(tables[0], place, try signed(tables[0], revision: 3, made: place.now))
    let later = try signed(tables[1], revision: 5, made: place.now)
    for _ in 0..<2 {
      _ = try place.life.arm(.table(tables[1]), seen: nil, seconds: 60, signed: later, Self.reason) {}
      _ = try place.life.rollBack()
      #expect(try place.content.state.approved?.index == 3)
    }
    let armed = try place.life.arm(.table(tables[1]), seen: nil, seconds: 60, signed: later, Self.reason) {}
    _ = try place.life.confirm(token: armed.token)
    #expect(try place.content.state.approved?.index == 5)
    // Going back lowers nothing.
    let back = try place.life.arm(.revision(.init(rawValue: 1)), seen: nil, seconds: 60, Self.reason) {}
    _ = try place.life.confirm(token: back.token)
    #expect(try place.content.state.approved?.index == 5)
    for revision in [Int64(4), 5] {
      let replayed = try signed(tables[2], revision: revision, made: place.now)
      #expect(throws: AgentFailure.self) { try adopt(tables[2], place, replayed) }
    }
    try adopt(tables[2], place, try signed(tables[2], revision: 6, made: place.now))
  }

  @Test func `an index that gives the host what it has counts, and is in the log`() throws {
    let place = try Place()
    try adopt(tables[0], place, nil)
    #expect(try place.life.accept(try signed(tables[0], revision: 7, made: place.now)).revision == 1)
    #expect(try place.content.state.approved?.index == 7)
    #expect(try place.life.books().events.last?.event == "accepted")
    #expect(throws: AgentFailure.self) {
      try place.life.accept(try signed(tables[1], revision: 8, made: place.now))
    }
    #expect(throws: AgentFailure.self) {
      try place.life.accept(try signed(tables[0], revision: 7, made: place.now))
    }
  }

  /// Else what is older could be given again to a host that has died at the right moment.
  @Test func `whatever fails on the way, what is confirmed is never ahead of what counts`() throws {
    let whole = try Place()
    try adopt(tables[0], whole, try signed(tables[0], revision: 1, made: whole.now))
    whole.fail(at: nil)
    try adopt(tables[1], whole, try signed(tables[1], revision: 2, made: whole.now))
    let faults = Place.faults(within: whole.taken)
    #expect(faults.count > 20)
    for fault in faults {
      let place = try Place()
      try adopt(tables[0], place, try signed(tables[0], revision: 1, made: place.now))
      place.fail(at: fault)
      try? adopt(tables[1], place, try signed(tables[1], revision: 2, made: place.now))
      place.fail(at: nil)
      for _ in 0..<2 {
        let state = try place.content.state
        let isNew = state.confirmed.map { $0.rawValue > 1 } ?? false
        #expect(!isNew || state.approved?.index == 2, "\(fault)")
        _ = try place.life.recover()
      }
    }
  }

  @Test func `books that do not say which index was confirmed take none`() throws {
    let place = try Place()
    try adopt(tables[0], place, try signed(tables[0], revision: 3, made: place.now))
    try place.damage("index")
    let failure = #expect(throws: AgentFailure.self) {
      try adopt(tables[1], place, try signed(tables[1], revision: 4, made: place.now))
    }
    #expect(failure?.message.contains("is not known") == true)
    // What is confirmed boots all the same.
    guard case .confirmed = try place.life.boot() else {
      Issue.record("it did not boot")
      return
    }
  }
}
