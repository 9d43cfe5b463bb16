import AgentProtocol
import Foundation
import HostAgent
import HostLife
import HostState
import HostStore
import Machine
import MemoryKernel
import Netlink
import Nftables
import RulesetDiff
import RulesetShape
import Synchronization
import Testing

/// A host on which nothing is enforced for a time.
@Suite struct StopTests {
  private static let reason = HostLife.Reason(why: "a test", meaning: "")
  private static let tables = Place.tables

  private func made() throws -> Place {
    let place = try Place()
    _ = try place.life.adopt(Self.tables[0], seen: nil, isLearning: false, Self.reason) { _ in }
    return place
  }

  private func has(_ place: Place, _ table: Table?) -> Bool {
    let own = place.kernel.table(.inet, .sekisho)
    guard let table else { return own == nil }
    return TableDiff.change(from: own, to: table).isEmpty
  }

  @Test func `what was confirmed comes back when the time is over, and not before`() throws {
    let place = try made()
    let stopped = try place.life.stop(seconds: 600, why: "a trace")
    #expect(stopped == StoppedHost(until: 1_700_000_600, revision: 1) && has(place, nil))
    #expect(
      try place.life.stopNow()
        == StopStatus(until: 1_700_000_600, isOver: false, by: "ada (as root)", why: "a trace"))
    #expect(try place.life.left() == 600_000)
    (place.now, place.sinceBoot) = (place.now + 599, place.sinceBoot + 599)
    #expect(try place.life.recover() == 1000 && has(place, nil))
    (place.now, place.sinceBoot) = (place.now + 1, place.sinceBoot + 1)
    #expect(try place.life.left() == nil && place.life.stopNow()?.isOver == true)
    #expect(try place.life.recover() == nil && has(place, Self.tables[0]))
    #expect(try place.life.stopNow() == nil)
    let events = try place.life.books().events
    #expect(events.map(\.event) == ["confirmed", "stopped", "resumed"])
    #expect(events[1].why == "a trace" && events[2].detail == "time-over" && events[2].revision == 1)
  }

  @Test func `a clock that is set back makes no stop longer`() throws {
    let place = try made()
    _ = try place.life.stop(seconds: 600, why: nil)
    (place.now, place.sinceBoot) = (place.now - 86_400, place.sinceBoot + 600)
    #expect(try place.life.recover() == nil && has(place, Self.tables[0]))
  }

  @Test func `any command puts it back when nobody was there to do it`() throws {
    let place = try made()
    _ = try place.life.stop(seconds: 600, why: nil)
    place.now += 601
    let failure = #expect(throws: AgentFailure.self) { try place.life.rollBack() }
    #expect(failure?.code == .noTrial && has(place, Self.tables[0]))
  }

  @Test func `a stop for good ends by hand`() throws {
    let place = try made()
    #expect(throws: AgentFailure.self) { try place.life.start() }
    #expect(try place.life.stop(seconds: nil, why: nil).until == nil)
    (place.now, place.sinceBoot) = (.max, .max)
    #expect(try place.life.left() == nil && place.life.recover() == nil && has(place, nil))
    #expect(try place.life.start() == StartedHost(revision: 1) && has(place, Self.tables[0]))
    #expect(try place.life.books().events.last?.detail == "by-hand")
  }

  @Test func `rules that somebody has taken away without a stop are put back by hand, and others are not`()
    throws
  {
    let place = try made()
    let running = #expect(throws: AgentFailure.self) { try place.life.start() }
    #expect(running?.remedy?.contains("sekisho boot") == true)
    place.kernel.commit(Change(family: .inet, table: .sekisho, operations: [.deleteTable]))
    #expect(try place.life.start() == StartedHost(revision: 1) && has(place, Self.tables[0]))
    #expect(try place.life.books().events.last?.event == "restored")
    // Of which nothing can be told is not said that nobody has stopped it.
    place.kernel.commit(Change(family: .inet, table: .sekisho, operations: [.deleteTable]))
    try place.damage("confirmed")
    let damaged = #expect(throws: AgentFailure.self) { try place.life.start() }
    #expect(damaged?.message.contains("confirmed is damaged") == true)
    let bare = try Place()
    #expect(throws: AgentFailure.self) { try bare.life.start() }
  }

  @Test func `what comes back is what was judged, on what was there`() throws {
    let place = try made()
    _ = try place.life.stop(seconds: nil, why: nil)
    for judged in [nil, 2] {
      let failure = #expect(throws: AgentFailure.self) {
        try place.life.start(StartHost(revision: judged, seen: nil))
      }
      #expect(failure?.code == .moved && has(place, nil))
    }
    let elsewhere = RulesetMoment(place: "another boot", generation: 1)
    let failure = #expect(throws: AgentFailure.self) {
      try place.life.start(
        StartHost(revision: 1, seen: Seen(moment: elsewhere, own: nil, others: [:])))
    }
    #expect(failure?.code == .moved && has(place, nil))
    #expect(try place.life.start(StartHost(revision: 1, seen: nil)) == StartedHost(revision: 1))
  }

  @Test func `a second stop has its own time, and one that is over is ended all the same`() throws {
    let place = try made()
    _ = try place.life.stop(seconds: nil, why: nil)
    _ = try place.life.stop(seconds: 60, why: nil)
    place.now += 61
    #expect(try place.life.start() == StartedHost(revision: 1) && has(place, Self.tables[0]))
  }

  @Test func `an apply ends a stop, and a trial that nobody confirms goes back to it`() throws {
    let place = try made()
    _ = try place.life.stop(seconds: 600, why: nil)
    _ = try place.life.arm(.table(Self.tables[1]), seen: nil, seconds: 60, Self.reason) {}
    #expect(place.isArmed)
    place.kernel.expire()
    #expect(try place.life.recover() == 600_000 && has(place, nil))
    // The time is over while a trial runs: that ends first.
    _ = try place.life.arm(.table(Self.tables[1]), seen: nil, seconds: 60, Self.reason) {}
    place.now += 601
    #expect(try place.life.recover() == 60_000 && place.isArmed)
    place.kernel.expire()
    #expect(try place.life.recover() == nil && has(place, Self.tables[0]))
    _ = try place.life.stop(seconds: 600, why: nil)
    _ = try place.life.adopt(Self.tables[1], seen: nil, isLearning: false, Self.reason) { _ in }
    #expect(try place.life.stopNow() == nil && has(place, Self.tables[1]))
  }

  @Test func `a trial goes with the table`() throws {
    let place = try made()
    let token = try place.life.arm(.table(Self.tables[1]), seen: nil, seconds: 60, Self.reason) {}.token
    _ = try place.life.stop(seconds: 600, why: nil)
    #expect(throws: AgentFailure.self) { try place.life.confirm(token: token) }
    #expect(has(place, nil))
    place.now += 601
    #expect(try place.life.recover() == nil && has(place, Self.tables[0]))
  }

  @Test func `what cannot be put back is not taken away for a time`() throws {
    let place = try Place()
    for seconds in [600, nil] {
      let failure = #expect(throws: AgentFailure.self) { try place.life.stop(seconds: seconds, why: nil) }
      #expect(failure?.code == .badRequest && failure?.happened == .nothing)
    }
    // Somebody has loaded rules by hand.
    place.kernel.commit(TableDiff.change(from: nil, to: Self.tables[1]))
    #expect(throws: AgentFailure.self) { try place.life.stop(seconds: 600, why: nil) }
    #expect(has(place, Self.tables[1]))
    _ = try place.life.stop(seconds: nil, why: nil)
    #expect(has(place, nil))
  }

  @Test func `rules that somebody makes meanwhile end a stop`() throws {
    let place = try made()
    _ = try place.life.stop(seconds: 600, why: nil)
    place.kernel.commit(TableDiff.change(from: nil, to: Self.tables[1]))
    #expect(try place.life.recover() == nil && has(place, Self.tables[1]))
    #expect(try place.life.books().events.last?.detail == "rules-found")
  }

  @Test(arguments: [false, true])
  func `a table that judges nothing ends no stop, and what was confirmed takes its place`(
    isDormant: Bool
  ) throws {
    let idle = Table(
      family: .inet, name: .sekisho, flags: isDormant ? .dormant : [],
      chains: isDormant ? Self.tables[1].chains : [], sets: isDormant ? Self.tables[1].sets : [])
    for isByHand in [false, true] {
      let place = try made()
      _ = try place.life.stop(seconds: 600, why: nil)
      place.kernel.commit(TableDiff.change(from: nil, to: idle))
      #expect(try place.life.recover() == 600_000 && place.life.stopNow() != nil)
      if isByHand {
        #expect(try place.life.start() == StartedHost(revision: 1))
      } else {
        place.now += 601
        #expect(try place.life.recover() == nil)
      }
      #expect(try has(place, Self.tables[0]) && place.life.stopNow() == nil)
    }
  }

  @Test func `once its time is over a stop leads to what was confirmed, whatever rules are there`() throws {
    for isByHand in [false, true] {
      let place = try made()
      _ = try place.life.stop(seconds: 600, why: nil)
      place.kernel.commit(TableDiff.change(from: nil, to: Self.tables[1]))
      if isByHand {
        #expect(try place.life.start() == StartedHost(revision: 1))
      } else {
        place.now += 601
        #expect(try place.life.recover() == nil)
      }
      #expect(has(place, Self.tables[0]))
    }
  }

  @Test func `a stop of another network namespace is neither ended nor written over`() throws {
    let place = try made()
    let store = HostStore(place.directory)
    let there = "\(try Boot.identifier()):1"
    let other = HostState.Stop(
      until: place.now - 1, by: Actor(user: "root", invokedBy: "ben"), why: nil, place: there)
    try store.write(other)
    #expect(try place.life.recover() == nil && place.life.left() == nil && place.life.stopNow() == nil)
    #expect(throws: AgentFailure.self) { try place.life.start() }
    let failure = #expect(throws: AgentFailure.self) { try place.life.stop(seconds: 60, why: nil) }
    #expect(failure?.code == .refused && failure?.happened == .nothing)
    #expect(failure?.message.contains("ben") == true && has(place, Self.tables[0]))
    _ = try place.life.adopt(Self.tables[1], seen: nil, isLearning: false, Self.reason) { _ in }
    #expect(try place.content.state.stop == other)
    // A boot has ended that namespace.
    try store.write(HostState.Stop(until: 0, by: other.by, why: nil, place: "an earlier boot:1"))
    #expect(try place.life.recover() == nil && place.content.state.stop == nil)
  }

  @Test(arguments: ["confirmed", "revisions/1/ruleset.json", "stopped"])
  func `nothing is open for longer because something is damaged`(file: String) throws {
    let place = try made()
    _ = try place.life.stop(seconds: 600, why: nil)
    try Data("{".utf8).write(to: URL(filePath: "\(place.directory.path)/\(file)"))
    place.now += 601
    #expect(try place.life.recover() == nil)
    #expect(has(place, file == "stopped" ? Self.tables[0] : Fallback.table))
    #expect(try place.life.stopNow() == nil)
  }

  @Test func `an end that no clock comes to keeps nobody from the host`() throws {
    let place = try made()
    let stop = HostState.Stop(until: .max, by: Actor(user: "root"), why: nil)
    place.kernel.commit(Change(family: .inet, table: .sekisho, operations: [.deleteTable]))
    try HostStore(place.directory).write(stop)
    #expect(try place.life.recover() == place.life.left() && place.life.stopNow()?.isOver == false)
    #expect(try place.life.start() == StartedHost(revision: 1) && has(place, Self.tables[0]))
  }

  @Test func `where it is not known what was confirmed nobody says that it is there`() throws {
    let place = try made()
    _ = try place.life.stop(seconds: nil, why: nil)
    try FileManager.default.removeItem(atPath: "\(place.directory.path)/confirmed")
    #expect(throws: AgentFailure.self) { try place.life.start() }
    #expect(try place.life.stopNow() != nil)
  }

  @Test func `who asks for a stop that cannot be written down has started what ends it`() throws {
    let place = try made()
    // What cannot be appended to.
    try FileManager.default.removeItem(atPath: "\(place.directory.path)/audit.jsonl")
    try FileManager.default.createDirectory(
      atPath: "\(place.directory.path)/audit.jsonl", withIntermediateDirectories: false)
    let directory = place.directory
    let started = Mutex(0)
    let here = HostHere(
      place.host, state: { () throws(DirectoryRefusal) in directory },
      keeper: { started.withLock { $0 += 1 } })
    let server = AgentServer(here, version: "1")
    let failure = #expect(throws: AgentFailure.self) {
      try server.answer(StopHost(seconds: 600, why: nil))
    }
    #expect(failure?.happened == .applied && has(place, nil))
    #expect(started.withLock { $0 } == 1)
  }

  // MARK: - Whatever goes wrong

  enum Command: CaseIterable {
    case stop, stopOnTrial, stopAgain, start, recover
  }

  @discardableResult
  private func attempt(_ command: Command, _ fault: Place.Fault?) throws -> (kernel: Int, disk: Int) {
    let place = try made()
    switch command {
    case .stop: break
    case .stopOnTrial:
      _ = try place.life.arm(.table(Self.tables[1]), seen: nil, seconds: 60, Self.reason) {}
    case .stopAgain, .start, .recover: _ = try place.life.stop(seconds: 60, why: nil)
    }
    if command == .recover { place.now += 61 }
    let wasStopped = has(place, nil)
    place.fail(at: fault)
    var failure: AgentFailure?
    do {
      switch command {
      case .stop, .stopOnTrial, .stopAgain: _ = try place.life.stop(seconds: 600, why: nil)
      case .start: _ = try place.life.start()
      case .recover: _ = try place.life.recover()
      }
    } catch { failure = error }
    let taken = place.taken
    place.fail(at: nil)
    let comment = Comment(
      rawValue: "\(command), \(String(describing: fault)): \(String(describing: failure))")
    let isEnding = command == .start || command == .recover
    let isStopped = has(place, nil)
    if isStopped, !isEnding { #expect(place.keepers > 0, comment) }
    // The rules from before, none, or what was confirmed: nothing between.
    let judge = place.judge
    #expect(
      isStopped || has(place, Self.tables[0]) || has(place, Fallback.table)
        || judge?.withoutTrial == Self.tables[0], comment)
    if failure == nil { #expect(isStopped != isEnding, comment) }
    // What a command leads out of ahead of its own work is no part of what it says of that.
    if let failure, fault?.isDeath != true, command != .recover {
      switch failure.happened {
      case .nothing: #expect(isStopped == wasStopped, comment)
      case .applied: #expect(isStopped != wasStopped || command == .stopAgain, comment)
      case .unknown: #expect(fault?.isLasting == true, comment)
      }
    }
    // Whoever comes later, once every time is over.
    place.kernel.expire()
    place.now += 601
    #expect(try place.life.recover() == nil, comment)
    #expect(has(place, Self.tables[0]) || has(place, Fallback.table), comment)
    if command == .stopOnTrial {
      #expect(!(try place.life.books().events.contains { $0.detail == "never-armed" }), comment)
    }
    let state = try place.content.state
    #expect(state.stop == nil && state.trial == nil && state.confirmed?.rawValue == 1, comment)
    // The fallback only where something was out of order while it was to be put back.
    if !isEnding { #expect(has(place, Self.tables[0]), comment) }
    #expect(try place.life.books().chainFaults.allSatisfy { $0.contains("cannot be read") }, comment)
    return taken
  }

  @Test(arguments: Command.allCases)
  func `whatever call or step fails, the host is stopped or not, is said to be, and comes back`(
    _ command: Command
  ) throws {
    let (calls, steps) = try attempt(command, nil)
    #expect(calls > 0 && steps > 0)
    var count = 0
    for call in 0..<calls {
      for moment in [MemoryKernel.Fault.Place.before, .after] {
        for errno in [KernelErrno.perm, .noBuffers] {
          try attempt(command, .kernel(.init(call: call, moment, errno)))
        }
        // Whoever is refused for good tries longer than it takes to walk every error.
        try attempt(command, .kernel(.init(call: call, moment, .perm, isLasting: true)))
        try attempt(command, .killedAtKernel(call, moment))
        count += 4
      }
    }
    for step in 0..<steps {
      for errno in HostLifeTests.diskErrnos.prefix(1) {
        for isLasting in [false, true] {
          try attempt(command, .disk(step, errno, isLasting: isLasting))
          count += 1
        }
      }
      try attempt(command, .killedAtDisk(step))
      count += 1
    }
    print("walked \(count) failures of \(command)")
  }
}
