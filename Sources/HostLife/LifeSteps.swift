internal import AgentProtocol
internal import Enforcement
internal import HostState
internal import HostStore
internal import Nftables
internal import RulesetShape

extension HostLife {
  /// Carries out one step.
  func take(_ step: Step, _ pending: Pending?, _ run: inout Run) throws(AgentFailure) {
    switch step {
    case .writeRevision(let revision):
      guard let pending else { throw AgentFailure(.failed, "revision \(revision.number) has no ruleset") }
      let state = run.content.state
      try reading { () throws(HostStore.Failure) in
        try store.write(revision, ruleset: pending.ruleset, keeping: state)
      }
      run.content.state.last = max(run.content.state.last, revision.number)
    case .writeTrial(let trial):
      try reading { () throws(HostStore.Failure) in try store.write(trial) }
      run.content.state.trial = trial
    case .removeTrial:
      try reading { () throws(HostStore.Failure) in try store.removeTrial() }
      run.content.state.trial = nil
    case .writeConfirmed(let number):
      // Ahead of it: who dies between the two has confirmed nothing, and takes nothing older any more.
      try noteIndex(of: number, &run)
      try reading { () throws(HostStore.Failure) in try store.writeConfirmed(number) }
      run.content.state.confirmed = number
    case .writeStop(let stop):
      try reading { () throws(HostStore.Failure) in try store.write(stop) }
      run.content.state.stop = stop
    case .removeStop:
      try reading { () throws(HostStore.Failure) in try store.removeStop() }
      run.content.state.stop = nil
    case .prepareTrial(let number): try prepare(number, pending, &run)
    case .armTrial:
      guard let trial = run.trial else { throw AgentFailure(.failed, "no trial was prepared") }
      try make(trial.armed, &run)
    case .extendTrial(let seconds):
      try host.windClock(milliseconds: UInt64(seconds) * 1000, run.hold)
    case .removeTrialParts:
      if let table = try host.ownTable(run.hold), table.hasTrialParts { try make(table.withoutTrial, &run) }
    case .enforce(let number):
      // As a boot will read it: what the disk does not give again is not put in force.
      let table =
        if let known = run.known, known.revision == number.rawValue {
          known.table
        } else { try table(number) }
      let judging = keeping(table, run)
      run.known = ConfirmedRuleset(revision: number.rawValue, table: judging)
      // Whoever carries on what another began may be the first who makes the kernel track connections.
      try make(
        judging, isLearning: pending?.isLearning ?? run.isLearning, tell: pending?.tell ?? { _ in },
        &run)
      run.enforced = number
    case .removeTable:
      // They go with it, and that they could not be kept keeps nobody from taking it away.
      _ = try? keepRecords(isLocked: run.books != nil)
      _ = try? keepUsage(isLocked: run.books != nil)
      try host.removeTable(run.hold)
      _ = try? keepUsage(isLocked: run.books != nil)
      try? noteTableGone()
    case .keepSessions:
      // What the kernel cannot be told of speaks and is denied, or begins anew: that keeps nobody from the rules.
      if let table = run.known?.table {
        run.forgetsSilentSessions = (try? !host.keepSessions(allowedBy: table, run.hold)) ?? true
      }
    case .cut:
      // What was proven to stand need not be read again.
      let inForce = run.known.flatMap { $0.revision == run.enforced?.rawValue ? $0.table : nil }
      run.cut = host.cut(
        deniedBy: inForce, before: run.before.own?.withoutTrial,
        isCounting: run.content.state.trial?.keepsSessions == true,
        run.hold)
    case .audit(let event):
      let entry = AuditEntry(event, time: clock(), by: actor, why: run.why)
      try reading { () throws(HostStore.Failure) in try store.append(entry) }
    case .startKeeper: keeper()
    case .tell(let announcement): people(announcement)
    }
    if step.isTransaction { run.isChanged = true }
  }

  func make(
    _ table: Table, isLearning: Bool = false,
    tell: (Apply.Step) throws(AgentFailure) -> Void = { _ in }, _ run: inout Run
  ) throws(AgentFailure) {
    let request = Apply(table, seen: run.seen, isLearning: isLearning)
    let hasBooks = run.books != nil
    var hasLost = false
    let keep = { (loss: LocalHost.Loss) in
      _ = try? keepUsage(isLocked: hasBooks)
      if loss == .rules { return }
      _ = try? keepRecords(isLocked: hasBooks)
      hasLost = true
    }
    // Records do not say in which mode they came: what the disk has of it ahead and behind tells since when there is another.
    let changesModes = run.before.own.map { $0.changesModes(to: table) } ?? false
    if changesModes { _ = try? keepRecords(isLocked: hasBooks) }
    let applied = try host.change(request, run.hold, losing: keep, tell: tell)
    if changesModes, !table.hasTrialParts { _ = try? keepRecords(isLocked: hasBooks) }
    if hasLost { try? noteTableGone() } else if run.own == nil { try? noteTableMissing() }
    // What a table counts from its beginning on is known from there on.
    if hasLost || run.own == nil {
      _ = try? keepUsage(isLocked: hasBooks, behind: (table, applied.generation))
    }
    run.operations += applied.operations
    run.applied = Applied(
      operations: run.operations, generation: applied.generation, retries: applied.retries,
      forgetsSilentSessions: applied.forgetsSilentSessions)
  }

  /// Loads a revision beside the rules in force.
  private func prepare(_ number: RevisionNumber, _ pending: Pending?, _ run: inout Run) throws(AgentFailure) {
    guard let seconds = run.content.state.trial?.seconds else {
      throw AgentFailure(.failed, "the books know of no trial")
    }
    let own = try host.ownTable(run.hold)
    let wanted = keeping(try table(number), run)
    let trial = TrialTable(of: wanted, beside: own, milliseconds: UInt64(seconds) * 1000)
    try make(trial.prepared, &run)
    run.trial = trial
    // Where nothing was filtered the kernel has only begun to track connections; nothing is denied yet.
    if own?.chains.contains(where: { $0.base != nil && !$0.rules.isEmpty }) != true {
      run.forgetsSilentSessions = try !host.keepSessions(allowedBy: wanted, run.hold)
      try pending?.tell(.tracking)
    }
  }
}

extension Table {
  /// Whether in any direction something else becomes of what no flow allows, with what is on trial in either of them.
  fileprivate func changesModes(to other: Table) -> Bool {
    Side.allCases.contains { modes($0) != other.modes($0) }
  }

  private func modes(_ side: Side) -> [String] {
    [false, true].map { isOnTrial in
      if leavesAlone(side, isOnTrial: isOnTrial) { return "left alone" }
      guard let base = base(side) else { return "none" }
      // A chain that judges on trial has no policy beside it.
      if isOnTrial, let trial = chain(TrialName.chain(base.name.text)) {
        return switch ending(of: trial)?.rules.last.flatMap(Denial.init) {
        case .observe: "observe"
        case .drop, .reject: "enforce"
        case nil: "unknown"
        }
      }
      return mode(of: base).map { "\($0)" } ?? "unknown"
    }
  }
}
