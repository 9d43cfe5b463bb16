import AgentProtocol
import Enforcement
import Foundation
import HostLife
import HostState
import HostStore
import Machine
import MemoryKernel
import Nftables
import RulesetDiff
import RulesetShape
import SystemPackage
import Testing

@Suite struct HostLifeTests {
  private static let reason = HostLife.Reason(why: "a test", meaning: "1 line opens")
  private let tables = Place.tables

  private func adopt(_ table: Table, _ place: Place, seen: Seen? = nil) throws {
    _ = try place.life.adopt(table, seen: seen, isLearning: true, Self.reason) { _ in }
  }

  private func arm(_ table: Table, _ place: Place, seconds: Int = 60, seen: Seen? = nil) throws -> Armed {
    try place.life.arm(.table(table), seen: seen, seconds: seconds, Self.reason) {}
  }

  private func has(_ place: Place, _ table: Table) -> Bool {
    TableDiff.change(from: place.kernel.table(.inet, .sekisho), to: table).isEmpty
  }

  @Test func `a trial judges until its time is over, and leaves nothing behind`() throws {
    let place = try Place()
    try adopt(tables[0], place)
    let armed = try arm(tables[1], place)
    #expect(armed.revision == 2 && armed.seconds == 60)
    #expect(place.isArmed)
    #expect(place.kernel.table(.inet, .sekisho)?.table.withoutTrial == tables[0])
    place.kernel.expire()
    #expect(try place.life.recover() == nil)
    #expect(has(place, tables[0]))
    let books = try place.life.books()
    #expect(books.confirmed == 1 && books.trial == nil && books.chainFaults.isEmpty)
    #expect(books.events.map(\.event) == ["confirmed", "armed", "ended"])
    #expect(books.events.last?.detail == "expired")
  }

  @Test func `a trial whose table somebody took away is not said never to have been`() throws {
    let place = try Place()
    try adopt(tables[0], place)
    _ = try arm(tables[1], place)
    place.kernel.commit(Change(family: .inet, table: .sekisho, operations: [.deleteTable]))
    #expect(try place.life.recover() == nil)
    #expect(try place.life.books().events.last?.detail == "gone")
  }

  @Test(arguments: [Command.confirm, .extend, .rollBack])
  func `nobody is told that a host has what it had where somebody took the rules away meanwhile`(
    command: Command
  ) throws {
    let place = try Place()
    try adopt(tables[0], place)
    let armed = try arm(tables[1], place)
    place.kernel.commit(Change(family: .inet, table: .sekisho, operations: [.deleteTable]))
    let failure = #expect(throws: AgentFailure.self) {
      switch command {
      case .confirm: _ = try place.life.confirm(token: armed.token)
      case .extend: _ = try place.life.extend(seconds: 60)
      default: _ = try place.life.rollBack()
      }
    }
    #expect(failure?.code == .moved && failure?.message.contains("nothing is enforced") == true)
    #expect(place.told.contains(.leftOpen(RevisionNumber(rawValue: 2))))
    // The remedy that it names.
    #expect(failure?.remedy?.contains("sekisho start") == true)
    #expect(try place.life.start() == StartedHost(revision: 1) && has(place, tables[0]))
    #expect(try place.life.books().events.last?.event == "restored")
  }

  @Test func `a trial that no books know of is said to be ended by whoever ends it`() throws {
    let place = try Place()
    try adopt(tables[0], place)
    let armed = try arm(tables[1], place)
    try HostStore(place.directory).removeTrial()
    let failure = #expect(throws: AgentFailure.self) { try place.life.confirm(token: armed.token) }
    #expect(failure?.code == .noTrial && failure?.happened == .applied && has(place, tables[0]))
    #expect(failure?.message.contains("is ended") == true)
    let again = #expect(throws: AgentFailure.self) { try place.life.rollBack() }
    #expect(again?.message == "nothing is on trial" && again?.happened == .nothing)
  }

  @Test func `what is confirmed by its token stays, under no name of a trial`() throws {
    let place = try Place()
    try adopt(tables[0], place)
    let armed = try arm(tables[1], place)
    let refused = #expect(throws: AgentFailure.self) { try place.life.confirm(token: armed.token + "0") }
    #expect(refused?.code == .badRequest)
    #expect(place.isArmed)
    let books = try place.life.books()
    #expect(books.trial?.revision == 2 && books.trial?.by == "ada (as root)")
    #expect(try place.life.confirm(token: armed.token).revision == 2)
    #expect(has(place, tables[1]))
    #expect(try place.content.state.confirmed?.rawValue == 2)
    #expect(try place.life.books().revisions.last?.confirmedBy == "token")
    // A token confirms once.
    #expect(throws: AgentFailure.self) { try place.life.confirm(token: armed.token) }
  }

  /// Whoever waits for the end of a trial would take it for rolled back.
  @Test func `no other revision than the one that is meant is confirmed, and it is said whose it was`() throws
  {
    let place = try Place()
    try adopt(tables[0], place)
    let armed = try arm(tables[1], place)
    for token in [nil, armed.token] {
      let refused = #expect(throws: AgentFailure.self) {
        try place.life.confirm(token: token, revision: RevisionNumber(rawValue: 1))
      }
      #expect(refused?.code == .badRequest && place.isArmed)
      #expect(refused?.message == "revision 2 is on trial, by ada (as root), and not revision 1")
    }
    let confirmed = try place.life.confirm(token: nil, revision: RevisionNumber(rawValue: 2))
    #expect(confirmed.revision == 2 && confirmed.by == "ada (as root)")
    let over = #expect(throws: AgentFailure.self) {
      try place.life.confirm(token: nil, revision: RevisionNumber(rawValue: 2))
    }
    #expect(over?.code == .noTrial)
  }

  @Test func `a trial that is being confirmed is not told to be over`() throws {
    let place = try Place()
    try adopt(tables[0], place)
    _ = try arm(tables[1], place)
    var trial = try #require(try place.content.state.trial)
    trial.phase = .accepted
    try HostStore(place.directory).write(trial)
    place.kernel.expire()
    let books = try place.life.books()
    #expect(books.trial?.revision == 2 && books.confirmed == 1)
    #expect(try place.life.recover() == nil)
    #expect(has(place, tables[1]))
    let after = try place.life.books()
    #expect(after.trial == nil && after.confirmed == 2)
  }

  @Test func `the first trial of a host goes back to no table at all`() throws {
    let place = try Place()
    var learnt = false
    _ = try place.life.arm(.table(tables[0]), seen: nil, seconds: 60, Self.reason) { learnt = true }
    #expect(learnt && place.isArmed)
    place.kernel.expire()
    _ = try place.life.recover()
    #expect(place.kernel.table(.inet, .sekisho) == nil)
    #expect(try place.content.state == HostState(last: RevisionNumber(rawValue: 1)))
  }

  @Test func `while a trial runs a second one is refused with who and how long`() throws {
    let place = try Place()
    try adopt(tables[0], place)
    _ = try arm(tables[1], place)
    for attempt in [{ _ = try arm(tables[2], place) }, { try adopt(tables[2], place) }] {
      let failure = #expect(throws: AgentFailure.self) { try attempt() }
      #expect(failure?.code == .trialRuns)
      #expect(failure?.message == "revision 2 is on trial by ada (as root) for another 60 s")
    }
    _ = try place.life.extend(seconds: 90)
    #expect(try place.life.books().trial?.left == 90_000)
    #expect(try place.life.rollBack().confirmed == 1)
    #expect(has(place, tables[0]))
    let failure = #expect(throws: AgentFailure.self) { try place.life.rollBack() }
    #expect(failure?.code == .noTrial)
  }

  @Test func `a revision that the host has is put on trial again`() throws {
    let place = try Place()
    try adopt(tables[0], place)
    try adopt(tables[1], place)
    let armed = try place.life.arm(
      .revision(RevisionNumber(rawValue: 1)), seen: nil, seconds: 60, Self.reason
    ) {}
    _ = try place.life.confirm(token: armed.token)
    #expect(has(place, tables[0]))
    #expect(try place.content.state.confirmed?.rawValue == 3)
    #expect(throws: AgentFailure.self) {
      try place.life.arm(.revision(RevisionNumber(rawValue: 9)), seen: nil, seconds: 60, Self.reason) {}
    }
  }

  @Test func `what somebody does to the table while a trial is prepared is noticed, and nothing stays`()
    throws
  {
    let place = try Place()
    try adopt(tables[0], place)
    let seen = try place.host.look(tables[1]).seen
    // Ahead of every call in turn: a rule that lets everything in.
    var refused = 0
    var isReached = true
    var call = 0
    while isReached {
      let place = try Place()
      try adopt(tables[0], place)
      let seen = try place.host.look(tables[1]).seen
      let number = call
      place.kernel.disturb { at in
        at != number
          ? []
          : [
            Change(
              family: .inet, table: .sekisho,
              operations: [.addRule("input", Rule([.verdict(.accept)]), .last)])
          ]
      }
      do {
        _ = try arm(tables[1], place, seen: seen)
      } catch let failure as AgentFailure {
        // Behind the last transaction it is seen by the proof.
        #expect([.moved, .unproven].contains(failure.code) && failure.happened == .nothing, "\(failure)")
        refused += 1
        #expect(!place.isArmed)
        #expect(place.kernel.table(.inet, .sekisho)?.table.hasTrialParts == false)
      }
      isReached = place.kernel.calls > call
      call += 1
    }
    #expect(refused > 3 && seen.own != nil)
  }

  @Test func `where an empty table stands connections are learnt as where there is none`() throws {
    let place = try Place()
    place.kernel.commit(
      Change(family: .inet, table: .sekisho, operations: [.addTable(comment: nil)]))
    var learnt = false
    _ = try place.life.arm(.table(tables[0]), seen: nil, seconds: 60, Self.reason) { learnt = true }
    #expect(learnt)
  }

  @Test func `a session that is not heard of any more ends the trial before anything is in force`() throws {
    let place = try Place()
    let failure = #expect(throws: AgentFailure.self) {
      try place.life.arm(.table(tables[0]), seen: nil, seconds: 60, Self.reason) {
        () throws(AgentFailure) in throw AgentFailure(.timedOut, "nobody is there")
      }
    }
    #expect(failure?.code == .timedOut && failure?.happened == .nothing)
    #expect(place.kernel.table(.inet, .sekisho) == nil)
    #expect(try place.content.state.trial == nil)
  }

  @Test func `in a table that is switched off nothing is tried, since it would prove nothing`() throws {
    let place = try Place()
    let asleep = Table(
      family: .inet, name: .sekisho, flags: .dormant, chains: tables[0].chains, sets: tables[0].sets)
    place.kernel.commit(TableDiff.change(from: nil, to: asleep))
    let failure = #expect(throws: AgentFailure.self) { try arm(tables[1], place) }
    #expect(failure?.code == .refused && failure?.happened == .nothing)
    #expect(place.kernel.table(.inet, .sekisho)?.table == asleep)
    #expect(try place.content.state == HostState())
    try adopt(tables[1], place)
    #expect(has(place, tables[1]))
  }

  @Test func `without a token the trial that runs is confirmed, and by another's token none`() throws {
    let place = try Place()
    let first = try arm(tables[0], place).token
    _ = try place.life.rollBack()
    _ = try arm(tables[1], place)
    let wrong = #expect(throws: AgentFailure.self) { try place.life.confirm(token: first) }
    #expect(wrong?.code == .badRequest && wrong?.happened == .nothing)
    #expect(place.isArmed)
    #expect(try place.life.confirm(token: nil).revision == 2)
    #expect(has(place, tables[1]))
    #expect(try place.life.books().revisions.map(\.confirmedBy) == [nil, "hand"])
    let none = #expect(throws: AgentFailure.self) { try place.life.confirm(token: nil) }
    #expect(none?.code == .noTrial)
  }

  /// A boot would find nothing that it can load.
  @Test func `what the disk does not give again is not put in force`() throws {
    let place = try Place()
    let file = "\(place.directory.path)/revisions/1/ruleset.json"
    let store = HostStore(place.directory) { (_, _) throws(Errno) in
      guard FileManager.default.fileExists(atPath: file) else { return }
      try? Data("{}".utf8).write(to: URL(fileURLWithPath: file))
    }
    let life = HostLife(
      place.host, store, by: Actor(user: "root"), clock: { 0 }, sinceBoot: { 0 }, people: { _ in }, keeper: {}
    )
    let failure = #expect(throws: AgentFailure.self) {
      try life.adopt(tables[0], seen: nil, isLearning: false, Self.reason) { _ in }
    }
    #expect(failure?.message.contains("damaged") == true, "\(String(describing: failure))")
    #expect(place.kernel.table(.inet, .sekisho) == nil)
  }

  @Test func `two at once are told apart, also from two namespaces with one directory`() throws {
    let place = try Place()
    let store = HostStore(place.directory)
    let lock = try store.lock()
    let failure = #expect(throws: AgentFailure.self) { try adopt(tables[0], place) }
    #expect(failure?.code == .busy && failure?.happened == .nothing)
    withExtendedLifetime(lock) {}
  }

  // MARK: - Whatever goes wrong

  /// A command on a host that has something confirmed, or nothing.
  enum Command: CaseIterable {
    case firstAdopt, firstArm, adopt, arm, confirm, confirmFirst, extend, rollBack, rollBackFirst,
      recoverExpired
  }

  /// What the host may be found with once somebody has cleaned up.
  private struct Outcome {
    /// `nil`: no table of ours.
    let before: Table?
    let after: Table?
  }

  private func begin(
    _ command: Command, _ place: Place, isBound: Bool
  ) throws -> (Outcome, () throws -> Void) {
    func isFirst() -> Bool { [.firstAdopt, .firstArm, .confirmFirst, .rollBackFirst].contains(command) }
    if !isFirst() { try adopt(tables[0], place) }
    let before = isFirst() ? nil : tables[0]
    switch command {
    case .firstAdopt, .adopt:
      let seen = isBound ? try place.host.look(tables[1]).seen : nil
      return (
        Outcome(before: before, after: tables[1]), { [self] in try adopt(tables[1], place, seen: seen) }
      )
    case .firstArm, .arm:
      let seen = isBound ? try place.host.look(tables[1]).seen : nil
      return (
        Outcome(before: before, after: before), { [self] in _ = try arm(tables[1], place, seen: seen) }
      )
    case .confirm, .confirmFirst:
      let token = try arm(tables[1], place).token
      return (
        Outcome(before: before, after: tables[1]), { _ = try place.life.confirm(token: token) }
      )
    case .extend:
      _ = try arm(tables[1], place)
      return (Outcome(before: before, after: before), { _ = try place.life.extend(seconds: 300) })
    case .rollBack, .rollBackFirst:
      _ = try arm(tables[1], place)
      return (Outcome(before: before, after: before), { _ = try place.life.rollBack() })
    case .recoverExpired:
      _ = try arm(tables[1], place)
      place.kernel.expire()
      return (Outcome(before: before, after: before), { _ = try place.life.recover() })
    }
  }

  /// - Returns: calls to the kernel and steps on disk that it took.
  @discardableResult
  private func attempt(
    _ command: Command, _ fault: Place.Fault?, isBound: Bool
  ) throws -> (kernel: Int, disk: Int) {
    let place = try Place()
    let (outcome, body) = try begin(command, place, isBound: isBound)
    let wasArmed = place.isArmed
    place.fail(at: fault)
    var failure: AgentFailure?
    do { try body() } catch { failure = error as? AgentFailure }
    let taken = place.taken
    place.fail(at: nil)
    let comment = Comment(
      rawValue: "\(command), \(String(describing: fault)): \(String(describing: failure))")
    // At once: the rules from before or those of a trial that runs, the new ones, never anything between.
    let judge = place.judge
    let isOld =
      outcome.before.map { judges(judge?.withoutTrial, as: $0) } ?? (judge?.hasBase != true || place.isArmed)
    #expect(isOld || judges(judge, as: outcome.after), comment)
    if failure == nil, command != .arm, command != .firstArm, command != .extend {
      #expect(same(judge, outcome.after), comment)
    }
    // The report and the kernel agree; a process that was killed reports nothing.
    if let failure, fault?.isDeath != true {
      let isAsBefore = place.isArmed == wasArmed && isOld
      switch failure.happened {
      case .nothing: #expect(isAsBefore, comment)
      case .applied:
        let isApplied =
          command == .extend ? place.isArmed : !isAsBefore || same(outcome.before, outcome.after)
        #expect(isApplied, comment)
      // Only where the kernel could not be asked any more.
      case .unknown: #expect(fault?.isLasting == true, comment)
      }
      // What nobody has the token of is on trial no more, unless nothing could be done about it.
      if command == .arm || command == .firstArm, fault?.isLasting != true {
        #expect(!place.isArmed, comment)
      }
    }
    // Whatever time that takes: somebody comes and cleans up, and the trial is over.
    place.kernel.expire()
    _ = try place.life.recover()
    let table = place.kernel.table(.inet, .sekisho)?.table
    #expect(table?.hasTrialParts != true, comment)
    let state = try place.content.state
    #expect(state.trial == nil, comment)
    let isAfter = same(table, outcome.after)
    #expect(isAfter || same(table, outcome.before), comment)
    // What boots is what judges.
    if let confirmed = state.confirmed {
      let ruleset = try HostStore(place.directory).ruleset(of: confirmed)
      let boots = try #require(try Table.tables(fromJSON: ruleset).first)
      #expect(same(table, boots), comment)
    } else {
      #expect(table == nil, comment)
    }
    if failure == nil { #expect(isAfter, comment) }
    #expect(try place.life.books().chainFaults.allSatisfy { $0.contains("cannot be read") }, comment)
    return taken
  }

  /// Whether a table has all of another; what it has besides is made ahead, and nothing leads there.
  private func judges(_ table: Table?, as other: Table?) -> Bool {
    guard let table, let other else { return table == nil && other == nil }
    let chains = Set(other.chains.map(\.name))
    let sets = Set(other.sets.map(\.name))
    let rest = Table(
      family: table.family, name: table.name, flags: table.flags, comment: table.comment,
      chains: table.chains.filter { chains.contains($0.name) },
      sets: table.sets.filter { sets.contains($0.name) },
      others: table.others)
    return same(rest, other) && table.chains.allSatisfy { $0.base == nil || chains.contains($0.name) }
  }

  private func same(_ one: Table?, _ other: Table?) -> Bool {
    switch (one, other) {
    case (nil, nil): true
    case (let one?, let other?):
      one == other
        || TableDiff.change(
          from: InstalledTable(table: one, rules: Self.handles(one), generation: 0), to: other
        ).isEmpty
    default: false
    }
  }

  private static func handles(_ table: Table) -> [ChainName: [RuleState]] {
    var next: UInt64 = 0
    return Dictionary(
      uniqueKeysWithValues: table.chains.map { chain in
        (
          chain.name,
          chain.rules.map { _ in
            next += 1
            return RuleState(handle: next, counter: CounterValues(packets: 0, bytes: 0))
          }
        )
      })
  }

  @Test(arguments: Command.allCases, [false, true])
  func `whatever call or step fails, the old rules stand or the new ones, and the books agree`(
    _ command: Command, isBound: Bool
  ) throws {
    if isBound, ![.adopt, .firstAdopt, .arm, .firstArm].contains(command) { return }
    let (calls, steps) = try attempt(command, nil, isBound: isBound)
    #expect(calls > 0 && steps > 0)
    var count = 0
    for call in 0..<calls {
      for moment in [MemoryKernel.Fault.Place.before, .after] {
        for errno in Self.errnos {
          try attempt(command, .kernel(.init(call: call, moment, errno)), isBound: isBound)
          count += 1
        }
        try attempt(command, .killedAtKernel(call, moment), isBound: isBound)
        count += 1
      }
    }
    for step in 0..<steps {
      for errno in Self.diskErrnos {
        for isLasting in [false, true] {
          try attempt(command, .disk(step, errno, isLasting: isLasting), isBound: isBound)
          count += 1
        }
      }
      try attempt(command, .killedAtDisk(step), isBound: isBound)
      count += 1
    }
    print("walked \(count) failures of \(command), \(isBound ? "bound" : "free")")
  }
}
