package import AgentProtocol
package import Enforcement
internal import Glibc
package import HostState
package import HostStore
internal import Machine
package import Nftables
internal import RulesetDiff
internal import RulesetShape
internal import SystemPackage

/// One host over time: what it was given, what is on trial, what it goes back to.
///
/// Every command first takes the steps out of whatever was left behind by one that died.
package struct HostLife {
  let host: LocalHost
  let store: HostStore
  let actor: Actor
  let clock: () -> Int64
  let sinceBoot: () -> Int64
  let people: (Announcement) -> Void
  let keeper: () -> Void

  /// - Parameters:
  ///   - actor: who asks.
  ///   - clock: seconds since 1970, UTC.
  ///   - sinceBoot: seconds since the boot.
  ///   - people: says something to everybody who is logged in.
  ///   - keeper: starts what puts back what was confirmed when a stop is over, whoever is gone by then.
  package init(
    _ host: LocalHost, _ store: HostStore, by actor: Actor, clock: @escaping () -> Int64,
    sinceBoot: @escaping () -> Int64 = BootClock.seconds, people: @escaping (Announcement) -> Void,
    keeper: @escaping () -> Void = {}
  ) {
    self.host = host
    self.store = store
    self.actor = actor
    self.clock = clock
    self.sinceBoot = sinceBoot
    self.people = people
    self.keeper = keeper
  }

  /// What a host is to get.
  package enum Source: Sendable {
    case table(Table)
    /// A revision that the host still has.
    case revision(RevisionNumber)
  }

  /// What is said of a change in the books.
  package struct Reason: Hashable, Sendable {
    package let why: String?
    package let meaning: String

    package init(why: String?, meaning: String) {
      self.why = why
      self.meaning = meaning
    }
  }
}

// MARK: Commands

extension HostLife {
  /// Lets new connections be judged by another table for a time that the kernel ends.
  ///
  /// - Parameters:
  ///   - seen: what the change was decided on.
  ///   - cutsNow: whether sessions that the table would not let begin end at once.
  ///   - learn: is called where no table of ours made the kernel track connections yet, with everything let pass; what it
  ///     throws ends the trial before anything is in force.
  /// - Throws: ``AgentProtocol/AgentFailure``, which says what has happened; nothing is on trial then.
  package func arm(
    _ source: Source, seen: Seen?, seconds: Int, cutsNow: Bool = false, _ reason: Reason,
    learn: @escaping () throws(AgentFailure) -> Void
  ) throws(AgentFailure) -> Armed {
    if case .table(let table) = source { try host.checkTarget(table) }
    var run = try begin()
    if run.own?.flags.contains(.dormant) == true {
      // What is switched off judges nobody, the trial in it neither, and a confirmation would prove nothing.
      throw AgentFailure(
        .refused, "the table is switched off (dormant), so that nothing could be tried in it",
        remedy: "switch it on first (nft add table inet sekisho), or apply for good with --no-trial")
    }
    run.seen = seen
    run.isArming = true
    let token = Self.newToken()
    let (revision, ruleset) = try revision(source, reason, &run)
    let script = try refusing(run) { (view) throws(HostStateRefusal) in
      try run.content.state.arm(
        revision, token: HostStore.digest(token.utf8), seconds: seconds, in: run.place, kernel: view)
    }
    try carryOut(
      script, Pending(revision, ruleset, isLearning: false) { (_) throws(AgentFailure) in try learn() }, &run)
    // What fails here is told; the trial runs by now.
    let cut =
      cutsNow
      ? host.cut(
        deniedBy: try? table(revision.number), before: run.before.own?.withoutTrial, isCounting: false,
        run.hold)
      : nil
    return Armed(
      revision: revision.number.rawValue, token: token, seconds: seconds, operations: run.operations,
      forgetsSilentSessions: run.forgetsSilentSessions ? true : nil, cut: cut)
  }

  /// Makes the host's table another one, for good.
  ///
  /// - Throws: ``AgentProtocol/AgentFailure``, which says what has happened.
  package func adopt(
    _ table: Table, seen: Seen?, isLearning: Bool, keepsSessions: Bool = false, _ reason: Reason,
    tell: @escaping (Apply.Step) throws(AgentFailure) -> Void
  ) throws(AgentFailure) -> Applied {
    try host.checkTarget(table)
    var run = try begin()
    run.seen = seen
    let (revision, ruleset) = try revision(.table(table), reason, &run)
    let script = try refusing(run) { (view) throws(HostStateRefusal) in
      try run.content.state.adopt(
        revision, keepsSessions: keepsSessions, in: run.place, kernel: view)
    }
    try carryOut(script, Pending(revision, ruleset, isLearning: isLearning, tell: tell), &run)
    guard let applied = run.applied else { throw AgentFailure(.failed, "nothing was put in force") }
    return Applied(
      operations: applied.operations, generation: applied.generation, retries: applied.retries,
      forgetsSilentSessions: applied.forgetsSilentSessions, cut: run.cut)
  }

  /// Makes what is on trial the confirmed ruleset.
  ///
  /// - Parameter revision: the one that is meant; `nil`: whichever is on trial.
  /// - Throws: ``AgentProtocol/AgentFailure``, which says what has happened: `applied` where the new rules are in force, and
  ///   the books could not be brought up to it.
  package func confirm(
    token: String?, revision: RevisionNumber? = nil, keepsSessions: Bool = false
  ) throws(AgentFailure) -> Confirmed {
    var run = try begin()
    let trial = run.content.state.trial
    let script = try refusing(run) { (view) throws(HostStateRefusal) in
      try run.content.state.confirm(
        token: token.map { HostStore.digest($0.utf8) }, keepsSessions: keepsSessions, in: run.place,
        kernel: view)
    }
    if let revision, let trial, trial.revision != revision {
      throw AgentFailure(
        .badRequest,
        "revision \(trial.revision) is on trial, by \(Self.words(trial.by)), and not revision \(revision)")
    }
    try carryOut(script, nil, &run)
    return Confirmed(
      revision: trial?.revision.rawValue ?? 0, by: trial.map { Self.words($0.by) },
      operations: run.operations, cut: run.cut)
  }

  /// Lets the time of the trial begin anew.
  package func extend(seconds: Int) throws(AgentFailure) -> Extended {
    var run = try begin()
    let revision = run.content.state.trial?.revision
    let script = try refusing(run) { (view) throws(HostStateRefusal) in
      try run.content.state.extend(seconds: seconds, in: run.place, kernel: view)
    }
    try carryOut(script, nil, &run)
    return Extended(revision: revision?.rawValue ?? 0, seconds: seconds)
  }

  /// Ends the trial at once.
  package func rollBack() throws(AgentFailure) -> RolledBack {
    var run = try begin()
    let state = run.content.state
    let script = try refusing(run) { (view) throws(HostStateRefusal) in
      try state.rollBack(in: run.place, kernel: view)
    }
    try carryOut(script, nil, &run)
    return RolledBack(
      revision: state.trial?.revision.rawValue ?? 0, confirmed: state.confirmed?.rawValue, cut: run.cut)
  }

  /// Takes the steps out of whatever was left behind.
  ///
  /// - Returns: milliseconds until there may be something to do again; `nil`: nothing is on trial, and no stop has a time.
  package func recover() throws(AgentFailure) -> UInt64? {
    let run = try begin()
    if run.content.state.trial != nil { return run.view.left }
    return run.content.state.stop.flatMap { left(of: $0) }
  }

  /// Milliseconds for which a trial still judges, or a stop goes on; `nil`: neither, or a stop without a time. Nobody is kept
  /// from the host by the question.
  package func left() throws(AgentFailure) -> UInt64? {
    if let left = try host.trialLeft(try host.conversation()) { return left }
    let stop = try contentHere().state.stop
    return stop.flatMap { left(of: $0) }.flatMap { $0 == 0 ? nil : $0 }
  }

  /// Ends sessions that are there. The rules stay as they are.
  ///
  /// - Throws: ``AgentProtocol/AgentFailure``: `applied` where they have ended, and the log does not say so.
  package func end(_ request: EndSessions) throws(AgentFailure) -> EndedSessions {
    let run = try begin()
    let ended = try host.end(request, run.hold)
    let meant = [request.flow.map { "flow \($0)" }, request.peer.map { "peer \($0)" }].compactMap(\.self)
    let event = AuditEvent.cut(
      sessions: ended.cut.sessions, of: meant.isEmpty ? "no flow" : meant.joined(separator: ", "))
    do throws(AgentFailure) {
      try reading { () throws(HostStore.Failure) in
        try store.append(AuditEntry(event, time: clock(), by: actor))
      }
    } catch {
      var failure = error
      failure.happened = .applied
      throw failure
    }
    return ended
  }

  /// The ruleset that boots. Nothing is changed.
  ///
  /// - Throws: ``AgentProtocol/AgentFailure``; `badRequest` where nothing was ever confirmed.
  package func confirmed() throws(AgentFailure) -> ConfirmedRuleset {
    let content = try reading { () throws(HostStore.Failure) in try store.load() }
    guard let number = content.state.confirmed else {
      try requireKnown(content)
      throw AgentFailure(
        .badRequest, "nothing was ever confirmed on this host", remedy: "apply and confirm a ruleset first")
    }
    return ConfirmedRuleset(revision: number.rawValue, table: try table(number))
  }

  /// Which revision boots, and whether the kernel has it; `nil`: nothing was ever confirmed. Nothing is changed.
  ///
  /// - Parameter installed: what the kernel has.
  package func confirmedNow(_ installed: InstalledTable?) throws(AgentFailure) -> ConfirmedStatus? {
    let state = try contentHere().state
    guard let number = state.confirmed else { return nil }
    let isSettled = state.trial == nil && state.stop == nil
    let isDrifted =
      isSettled ? (try? table(number)).map { !TableDiff.change(from: installed, to: $0).isEmpty } : nil
    return ConfirmedStatus(
      revision: number.rawValue, time: try? store.about(number).time, isDrifted: isDrifted)
  }

  /// The ruleset of a revision that the host still has. Nothing is changed.
  package func ruleset(of number: RevisionNumber) throws(AgentFailure) -> Table { try table(number) }

  /// What the host was given, and what is on trial. Nothing is changed.
  package func books() throws(AgentFailure) -> Books {
    // The clock first: who finds it gone because a trial was confirmed finds that in the books behind it.
    let left = try host.trialLeft(try host.conversation())
    let content = try reading { () throws(HostStore.Failure) in try store.load() }
    let revisions = try reading { () throws(HostStore.Failure) in try store.revisions() }
    let chain = try reading { () throws(HostStore.Failure) in try store.audit() }
    let confirmations = Dictionary(
      chain.entries.compactMap { entry in
        entry.event == "confirmed" ? entry.revision.map { ($0, (entry.time, entry.detail ?? "")) } : nil
      }, uniquingKeysWith: { $1 })
    return Books(
      confirmed: content.state.confirmed?.rawValue,
      trial: content.state.trial.flatMap { trial in
        // What is accepted is being confirmed, and not over: it stays, or is on trial again.
        guard left != nil || trial.phase == .accepted else { return nil }
        return Books.Running(
          revision: trial.revision.rawValue, left: left ?? 0, by: Self.words(trial.by))
      },
      revisions: revisions.map { number, about in
        Books.Entry(
          number: number.rawValue, digest: about?.digest, time: about?.time,
          by: about.map { Self.words($0.by) },
          why: about?.why, meaning: about?.meaning, confirmedAt: confirmations[number]?.0,
          confirmedBy: confirmations[number]?.1)
      },
      events: chain.entries.suffix(1000).map { entry in
        Books.Event(
          time: entry.time, by: Self.words(entry.by), event: entry.event, revision: entry.revision?.rawValue,
          detail: entry.detail, why: entry.why)
      },
      chainFaults: chain.faults, chainTip: chain.tip, damage: content.damage.map { "\($0)" })
  }
}

// MARK: What commands share

extension HostLife {
  /// What a command has in hand.
  struct Run {
    let hold: Hold
    /// `nil`: there is none on a disk that cannot be written, and a boot does without.
    let books: HostStore.Lock?
    let place: String
    var content = HostStore.Content()
    var view = KernelView(base: .none)
    /// Our table, as it was looked at last.
    var own: Table?
    /// What judged when the command began.
    var before: (own: Table?, left: UInt64?) = (nil, nil)
    /// Objects that were added, changed and deleted so far.
    var operations = 0
    var applied: Applied?
    var why: String?
    /// Whether the kernel could not be told of sessions older than the first table.
    var forgetsSilentSessions = false
    /// What the change was decided on.
    var seen: Seen?
    /// What was prepared of a trial.
    var trial: TrialTable?
    /// Whether the command begins a trial.
    var isArming = false
    /// What became of sessions that may not begin any more.
    var cut: CutReport?
    /// Whether sessions older than the first table are learnt, unless the command says otherwise.
    var isLearning = true
    /// Whether any transaction went through.
    var isChanged = false
    /// The revision that the table was made last.
    var enforced: RevisionNumber?
    /// A revision that need not be read from the disk.
    var known: ConfirmedRuleset?
  }

  /// What is not on disk yet, and what is done once connections can be learnt.
  struct Pending {
    let revision: Revision
    let ruleset: [UInt8]
    let isLearning: Bool
    let tell: (Apply.Step) throws(AgentFailure) -> Void

    init(
      _ revision: Revision, _ ruleset: [UInt8], isLearning: Bool,
      tell: @escaping (Apply.Step) throws(AgentFailure) -> Void
    ) {
      self.revision = revision
      self.ruleset = ruleset
      self.isLearning = isLearning
      self.tell = tell
    }
  }

  /// Takes the right to change the host, and the way out of what was left behind.
  func begin() throws(AgentFailure) -> Run {
    let hold = try patientHold()
    let place = try Self.place()
    var run = Run(
      hold: hold, books: try reading { () throws(HostStore.Failure) in try store.lock() }, place: place)
    try look(&run)
    try leadOut(&run)
    run.before = (run.own, run.view.left)
    return run
  }

  /// Boot and network namespace.
  static func place() throws(AgentFailure) -> String {
    do throws(SystemFailure) {
      return "\(try Boot.identifier()):\(try NetworkNamespace.current())"
    } catch { throw AgentFailure(error) }
  }

  /// Whoever cleans up behind a trial is done in a moment; for another apply nobody waits longer than that.
  func patientHold() throws(AgentFailure) -> Hold {
    for _ in 0..<20 {
      do throws(AgentFailure) { return try host.hold() } catch {
        if error.code != .busy { throw error }
      }
      usleep(100_000)
    }
    return try host.hold()
  }

  func look(_ run: inout Run) throws(AgentFailure) {
    run.content = try contentHere()
    run.own = try host.ownTable(run.hold)
    let left = try host.trialLeft(run.hold)
    let base: KernelView.Base = run.own.map { $0.isBareBeneathTrial ? .bare : .rules } ?? .none
    run.view = KernelView(
      base: base, isJudging: run.own?.judges ?? false, hasParts: run.own?.hasTrialParts ?? false, left: left)
  }

  /// What the disk says of this network namespace. Nothing is changed.
  func contentHere() throws(AgentFailure) -> HostStore.Content {
    var content = try reading { () throws(HostStore.Failure) in try store.load() }
    let place = try Self.place()
    if content.state.stop?.isElsewhere(than: place) == true { content.state.stop = nil }
    return content
  }

  /// Takes the steps out of whatever a command left that died or failed.
  func leadOut(_ run: inout Run) throws(AgentFailure) {
    let state = run.content.state
    let isStopOver = state.stop.flatMap { left(of: $0) } == 0
    let steps = state.recovery(run.view, in: run.place, isStopOver: isStopOver)
    if steps.isEmpty { return }
    if state.stop != nil, state.trial?.phase != .accepted {
      try endStop(steps, &run)
    } else {
      for step in steps { try take(step, nil, &run) }
    }
    try look(&run)
    run.operations = 0
  }

  func carryOut(_ script: Script, _ pending: Pending?, _ run: inout Run) throws(AgentFailure) {
    for step in script.steps {
      do throws(AgentFailure) {
        try take(step, pending, &run)
      } catch {
        throw settled(error, at: step, script, &run)
      }
    }
  }

  /// Leaves as little as possible behind a step that failed, and finds out what has happened.
  private func settled(
    _ failure: AgentFailure, at step: Step, _ script: Script, _ run: inout Run
  ) -> AgentFailure {
    // The way back rests on nothing that was shown.
    run.seen = nil
    var remedy = failure.remedy
    do throws(AgentFailure) {
      if step.isTransaction, failure.happened == .nothing {
        for undo in script.whenRefused { try take(undo, nil, &run) }
      }
      try look(&run)
      try leadOut(&run)
      // What was armed without its token having been told can be confirmed by nobody.
      if run.isArming, run.content.state.trial != nil {
        let state = run.content.state
        let script = try refusing(run) { (view) throws(HostStateRefusal) in
          try state.rollBack(in: run.place, kernel: view)
        }
        for step in script.steps { try take(step, nil, &run) }
      }
    } catch {
      remedy = [remedy, "what is left of it is taken away by the next command: \(error.message)"]
        .compactMap { $0 }.joined(separator: "; ")
    }
    let happened = happened(failure, &run)
    var message = failure.message
    switch (failure.happened, happened) {
    case (.nothing, .applied), (.unknown, .applied): message = "the change is in force, but \(message)"
    case (.applied, .nothing): message += "; that is taken back"
    default: break
    }
    return AgentFailure(
      failure.code, message, object: failure.object, element: failure.element, errno: failure.errno,
      remedy: remedy, happened: happened)
  }

  /// What has become of what judges since the command began, as the kernel has it.
  private func happened(_ failure: AgentFailure, _ run: inout Run) -> AgentFailure.Happened {
    do throws(AgentFailure) { try look(&run) } catch {
      return run.isChanged ? .unknown : failure.happened
    }
    // Beside a trial the rules from before stand as they are, or as somebody else has made them.
    if run.isArming { return run.view.left == nil ? .nothing : .applied }
    // Time only passes: a clock that has more left than before was wound up.
    let isAsBefore =
      (run.view.left == nil) == (run.before.left == nil)
      && run.view.left ?? 0 <= run.before.left ?? 0
      && Table.judges(run.own?.withoutTrial, as: run.before.own?.withoutTrial)
    return isAsBefore ? .nothing : .applied
  }

  private func revision(
    _ source: Source, _ reason: Reason, _ run: inout Run
  ) throws(AgentFailure) -> (Revision, [UInt8]) {
    run.why = reason.why
    let ruleset: [UInt8]
    switch source {
    case .table(let table):
      do throws(TextError) { ruleset = try table.fileJSON() } catch {
        throw AgentFailure(.badRequest, "the ruleset cannot be kept: \(error)")
      }
    case .revision(let number):
      ruleset = try reading { () throws(HostStore.Failure) in try store.ruleset(of: number) }
    }
    let revision = Revision(
      number: run.content.state.last.next, digest: HostStore.digest(ruleset), time: clock(), by: actor,
      why: reason.why, meaning: reason.meaning)
    return (revision, ruleset)
  }

  /// The table of a revision.
  func table(_ number: RevisionNumber) throws(AgentFailure) -> Table {
    let bytes = try reading { () throws(HostStore.Failure) in try store.ruleset(of: number) }
    guard let tables = try? Table.tables(fromJSON: bytes), tables.count == 1 else {
      throw AgentFailure(.failed, "the ruleset of revision \(number) cannot be read")
    }
    return tables[0]
  }

  func reading<Value>(_ body: () throws(HostStore.Failure) -> Value) throws(AgentFailure) -> Value {
    do throws(HostStore.Failure) { return try body() } catch {
      if case .system(let failure) = error {
        throw failure.errno == .wouldBlock
          ? AgentFailure(.busy, "another command is at work on this host's books", object: failure.object)
          : AgentFailure(failure)
      }
      throw AgentFailure(.failed, "\(error)")
    }
  }

  func refusing(
    _ run: Run, _ body: (KernelView) throws(HostStateRefusal) -> Script
  ) throws(AgentFailure) -> Script {
    do throws(HostStateRefusal) { return try body(run.view) } catch { throw AgentFailure(error) }
  }

  /// 128 bits that nobody guesses.
  private static func newToken() -> String {
    var generator = SystemRandomNumberGenerator()
    return (0..<2).map { _ in
      let digits = String(generator.next() as UInt64, radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
  }

  static func words(_ actor: Actor) -> String {
    let user = actor.invokedBy.map { "\($0) (as \(actor.user))" } ?? actor.user
    return actor.from.map { "\(user) from \($0)" } ?? user
  }
}

extension Table {
  /// Whether one table has all of another and no way in or out besides. What else it has was made ahead, and nothing leads
  /// there.
  fileprivate static func judges(_ table: Table?, as other: Table?) -> Bool {
    let chains = table?.chains ?? []
    let expected = other?.chains ?? []
    return expected.allSatisfy { chain in chains.contains(chain) }
      && chains.allSatisfy { chain in chain.base == nil || expected.contains { $0.name == chain.name } }
      && (other?.sets ?? []).allSatisfy { set in
        table?.set(set.name).map { $0.key == set.key && $0.data == set.data && $0.elements == set.elements }
          ?? false
      }
  }
}

extension AgentFailure {
  init(_ refusal: HostStateRefusal) {
    switch refusal {
    case .trialRuns(let trial, let left):
      self.init(
        .trialRuns,
        "revision \(trial.revision) is on trial by \(HostLife.words(trial.by)) for another \((left + 999) / 1000) s",
        remedy: "wait, or end it: \"sekisho confirm TOKEN\" or \"sekisho rollback\"")
    case .noTrial: self.init(.noTrial, "nothing is on trial")
    case .wrongToken: self.init(.badRequest, "this is not the token of the trial that runs")
    case .trialOver(let number):
      self.init(.noTrial, "the trial of revision \(number) is over; the confirmed ruleset is in force")
    case .noRevision(let number):
      self.init(
        .badRequest, number.map { "there is no revision \($0)" } ?? "there is no revision to go back to")
    case .stopped(let stop):
      self.init(.refused, "\(HostLife.words(stop.by)) has stopped Sekisho on this host")
    case .nothingToStop:
      self.init(
        .badRequest, "nothing was ever confirmed on this host that could be put back",
        remedy: "apply and confirm a ruleset first; rules that are there without one go by --until for-good")
    case .notStopped: self.init(.badRequest, "this host is not stopped")
    }
  }
}
