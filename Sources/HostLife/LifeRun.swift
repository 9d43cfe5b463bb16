internal import AgentProtocol
internal import Enforcement
internal import Glibc
internal import HostState
internal import HostStore
internal import Machine
internal import Nftables
internal import RulesetShape

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
    /// Whether a trial was taken out of the kernel that no books knew of.
    var hasEndedStray = false
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
    var run = Run(hold: hold, books: try lockedBooks(), place: try Self.place())
    try look(&run)
    try leadOut(&run)
    // Nothing begins by it any more: what fails here is done by the next command.
    do throws(AgentFailure) { try closeWhatIsOver(&run) } catch {}
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
    try patiently { () throws(AgentFailure) in try host.hold() }
  }

  /// Of a process that has ended the kernel lets go of one lock behind the other.
  func lockedBooks() throws(AgentFailure) -> HostStore.Lock {
    try patiently { () throws(AgentFailure) in
      try reading { () throws(HostStore.Failure) in try store.lock() }
    }
  }

  private func patiently<Lock: ~Copyable>(_ take: () throws(AgentFailure) -> Lock) throws(AgentFailure)
    -> Lock
  {
    for _ in 0..<20 {
      do throws(AgentFailure) { return try take() } catch {
        if error.code != .busy { throw error }
      }
      usleep(100_000)
    }
    return try take()
  }

  func look(_ run: inout Run) throws(AgentFailure) {
    run.content = try contentHere()
    run.own = try host.ownTable(run.hold)
    let left = try host.trialLeft(run.hold)
    let base: KernelView.Base = run.own.map { $0.isBareBeneathTrial ? .bare : .rules } ?? .none
    run.view = KernelView(
      base: base, isJudging: run.own?.judges ?? false, hasParts: run.own?.hasTrialParts ?? false, left: left)
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
    // What was prepared and never armed judged nobody.
    run.hasEndedStray = state.trial == nil && run.view.left != nil
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
    // What the disk refused behind the kernel is done all the same.
    let isUnwritten = !step.isTransaction && failure.happened == .nothing && happened == .applied
    return AgentFailure(
      isUnwritten ? .unwritten : failure.code, message, object: failure.object, element: failure.element,
      errno: failure.errno,
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

  func refusing(
    _ run: Run, _ body: (KernelView) throws(HostStateRefusal) -> Script
  ) throws(AgentFailure) -> Script {
    do throws(HostStateRefusal) { return try body(run.view) } catch { throw AgentFailure(error) }
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
        table?.set(set.name).map {
          $0.key == set.key && $0.data == set.data && (set.isKeptByHost || $0.elements == set.elements)
        }
          ?? false
      }
  }
}
