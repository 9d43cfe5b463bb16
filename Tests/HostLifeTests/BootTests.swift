import AgentProtocol
import Foundation
import HostLife
import HostState
import HostStore
import Machine
import MemoryKernel
import Nftables
import RulesetDiff
import RulesetShape
import Testing

/// What stands after a boot, whatever is out of order.
@Suite struct BootTests {
  private static let reason = HostLife.Reason(why: nil, meaning: "")
  private static let tables = Place.tables

  /// What the disk holds when a host is started.
  enum Books: CaseIterable {
    case empty, confirmed, trialOfAnotherBoot, firstTrialOfAnotherBoot, accepted, stopped, stoppedForGood,
      withoutItsFile, damaged, withoutItsRuleset

    /// What stands; `nil`: nothing.
    var table: Table? {
      switch self {
      case .empty, .firstTrialOfAnotherBoot, .stoppedForGood: nil
      case .confirmed, .trialOfAnotherBoot, .stopped: tables[0]
      case .accepted: tables[1]
      case .withoutItsFile, .damaged, .withoutItsRuleset: Fallback.table
      }
    }

    func made() throws -> Place {
      let place = try Place()
      let store = HostStore(place.directory)
      func adopt(_ table: Table) throws {
        _ = try place.life.adopt(table, seen: nil, isLearning: false, reason) { _ in }
      }
      func trial(_ number: Int, _ phase: Trial.Phase) -> Trial {
        Trial(
          revision: RevisionNumber(rawValue: number), phase: phase, place: "another boot", token: "t",
          seconds: 60,
          by: Actor(user: "root"))
      }
      if self == .firstTrialOfAnotherBoot { try store.write(trial(1, .armed)) }
      if self == .empty || self == .firstTrialOfAnotherBoot { return place }
      try adopt(tables[0])
      switch self {
      case .trialOfAnotherBoot, .accepted:
        let revision = Revision(
          number: RevisionNumber(rawValue: 2), digest: HostStore.digest(try tables[1].fileJSON()), time: 0,
          by: Actor(user: "root"), why: nil, meaning: "")
        try store.write(revision, ruleset: try tables[1].fileJSON(), keeping: try place.content.state)
        try store.write(trial(2, self == .accepted ? .accepted : .armed))
      case .stopped: try store.write(HostState.Stop(until: 1_800_000_000, by: Actor(user: "root"), why: nil))
      case .stoppedForGood: try store.write(HostState.Stop(until: nil, by: Actor(user: "root"), why: nil))
      case .withoutItsFile: try FileManager.default.removeItem(atPath: "\(place.directory.path)/confirmed")
      case .damaged: try Data("{".utf8).write(to: URL(filePath: "\(place.directory.path)/confirmed"))
      case .withoutItsRuleset:
        try Data("{}".utf8).write(to: URL(filePath: "\(place.directory.path)/revisions/1/ruleset.json"))
      case .empty, .firstTrialOfAnotherBoot, .confirmed: break
      }
      place.kernel.commit(Change(family: .inet, table: .sekisho, operations: [.deleteTable]))
      return place
    }
  }

  private func has(_ place: Place, _ table: Table?) -> Bool {
    let own = place.kernel.table(.inet, .sekisho)
    guard let table else { return own == nil }
    return TableDiff.change(from: own, to: table).isEmpty
  }

  @Test(arguments: Books.allCases) func `a boot loads what was confirmed and nothing else`(_ books: Books)
    throws
  {
    let place = try books.made()
    let booted = try place.life.boot()
    #expect(has(place, books.table))
    let state = try place.content.state
    switch booted {
    case .confirmed(let number, let trouble):
      #expect(trouble == nil && books.table != Fallback.table)
      #expect(state.confirmed == number && state.trial == nil && state.stop == nil)
    case .unguarded(_, let reason): Issue.record("\(reason)")
    case .stopped: #expect(books == .stoppedForGood && state.stop != nil)
    case .nothing: #expect(books == .empty || books == .firstTrialOfAnotherBoot)
    case .fallback:
      #expect(books.table == Fallback.table)
      #expect(try place.life.books().events.last?.event == "fallback")
      let table = try #require(place.kernel.table(.inet, .sekisho)?.table)
      #expect(table.isFallback)
      // It is found as it is, not made a second time.
      let generation = place.kernel.table(.inet, .sekisho)?.generation
      _ = try place.life.boot()
      #expect(place.kernel.table(.inet, .sekisho)?.generation == generation)
    }
    if books == .trialOfAnotherBoot || books == .firstTrialOfAnotherBoot {
      #expect(try place.life.books().events.contains { $0.event == "ended" && $0.detail == "rebooted" })
    }
  }

  @Test
  func
    `what the kernel has by other means is known not to be booted with, until an apply takes it into the books`()
    throws
  {
    let place = try Place()
    place.kernel.commit(TableDiff.change(from: nil, to: Self.tables[0]))
    #expect(try place.life.bootsOtherwise(than: Self.tables[0]) == true)
    _ = try place.life.adopt(Self.tables[0], seen: nil, isLearning: false, Self.reason) { _ in }
    #expect(try place.life.bootsOtherwise(than: Self.tables[0]) == false)
    #expect(try place.life.bootsOtherwise(than: Self.tables[1]) == true)
    // What is on trial may become it.
    _ = try place.life.arm(.table(Self.tables[1]), seen: nil, seconds: 60, Self.reason) {}
    #expect(try place.life.bootsOtherwise(than: Self.tables[0]) == nil)
  }

  @Test(arguments: ["confirmed", "revisions/1/ruleset.json", "revisions/1/about.json"], [false, true])
  func `books that are damaged are named by status and history, and the apply that they ask for mends them`(
    file: String, isGone: Bool
  ) throws {
    let place = try Place()
    _ = try place.life.adopt(Self.tables[0], seen: nil, isLearning: false, Self.reason) { _ in }
    if isGone {
      try FileManager.default.removeItem(atPath: "\(place.directory.path)/\(file)")
    } else {
      try place.damage(file)
    }
    let installed = place.kernel.table(.inet, .sekisho)
    #expect(throws: AgentFailure.self) { try place.life.confirmedNow(installed) }
    #expect(try place.life.bootsOtherwise(than: Self.tables[0]) == true)
    // A file that is gone is told by what it belongs to.
    if file != "confirmed" || !isGone {
      #expect(try place.life.books(verifying: true).damage.contains { $0.contains(file) }, "\(file)")
    }
    if file != "revisions/1/ruleset.json", !isGone { #expect(try !place.life.books().damage.isEmpty) }
    _ = try place.life.adopt(Self.tables[0], seen: nil, isLearning: false, Self.reason) { _ in }
    #expect(try place.life.confirmedNow(installed)?.isDrifted == false)
    #expect(try place.life.bootsOtherwise(than: Self.tables[0]) == false)
    place.kernel.commit(Change(family: .inet, table: .sekisho, operations: [.deleteTable]))
    guard case .confirmed = try place.life.boot() else {
      Issue.record("it does not boot")
      return
    }
    #expect(has(place, Self.tables[0]))
  }

  @Test func `by hand nothing is taken from a trial that runs, nor rules of ours for a fallback`() throws {
    let place = try Place()
    _ = try place.life.adopt(Self.tables[0], seen: nil, isLearning: false, Self.reason) { _ in }
    _ = try place.life.arm(.table(Self.tables[1]), seen: nil, seconds: 60, Self.reason) {}
    let refused = #expect(throws: AgentFailure.self) { try place.life.boot() }
    #expect(refused?.code == .trialRuns && place.isArmed)
    _ = try place.life.rollBack()
    try Data("{".utf8).write(to: URL(filePath: "\(place.directory.path)/confirmed"))
    let damaged = #expect(throws: AgentFailure.self) { try place.life.boot() }
    #expect(damaged?.message.contains("is damaged") == true)
    #expect(has(place, Self.tables[0]))
  }

  @Test(arguments: [Books.empty, .confirmed, .trialOfAnotherBoot, .accepted, .stopped, .damaged])
  func `whatever call or step of a boot fails, what was confirmed stands or the fallback does`(
    _ books: Books
  ) throws {
    let calm = try books.made()
    calm.fail(at: nil)
    _ = try calm.life.boot()
    let (calls, steps) = calm.taken
    var faults: [Place.Fault] = []
    for call in 0..<calls {
      for moment in [MemoryKernel.Fault.Place.before, .after] {
        faults += HostLifeTests.errnos.prefix(2).map { .kernel(.init(call: call, moment, $0)) }
        faults.append(.killedAtKernel(call, moment))
      }
    }
    for step in 0..<steps {
      for errno in HostLifeTests.diskErrnos.prefix(1) {
        faults += [.disk(step, errno, isLasting: false), .disk(step, errno, isLasting: true)]
      }
      faults.append(.killedAtDisk(step))
    }
    for fault in faults {
      let place = try books.made()
      place.fail(at: fault)
      var booted: Booted?
      var failure: AgentFailure?
      do throws(AgentFailure) { booted = try place.life.boot() } catch { failure = error }
      place.fail(at: nil)
      let comment: Comment =
        "\(books), \(fault): \(String(describing: booted)) \(String(describing: failure))"
      if fault.isDeath {
        // The network is not up before a boot has ended; nothing stands yet, or all of it. What only tracks goes.
        let judges = place.judge?.hasBase == true
        #expect(!judges || has(place, books.table) || has(place, Fallback.table), comment)
      } else {
        switch booted {
        case .confirmed: #expect(has(place, books.table), comment)
        case .fallback: #expect(has(place, Fallback.table), comment)
        case .unguarded: Issue.record(comment)
        case .stopped, .nothing: #expect(books.table == nil && has(place, nil), comment)
        case nil: Issue.record(comment)
        }
      }
      // Started again with nothing out of order it is what it should be.
      if has(place, nil) || !has(place, Fallback.table) || books.table == Fallback.table {
        _ = try place.life.boot()
        #expect(has(place, books.table), comment)
      }
    }
    print("walked \(faults.count) failures of a boot with \(books)")
  }
}
