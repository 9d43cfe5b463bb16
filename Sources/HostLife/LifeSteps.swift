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
      let state = run.content.state
      try reading { () throws(HostStore.Failure) in
        try store.write(revision, ruleset: pending?.ruleset ?? [], keeping: state)
      }
      run.content.state.last = max(run.content.state.last, revision.number)
    case .writeTrial(let trial):
      try reading { () throws(HostStore.Failure) in try store.write(trial) }
      run.content.state.trial = trial
    case .removeTrial:
      try reading { () throws(HostStore.Failure) in try store.removeTrial() }
      run.content.state.trial = nil
    case .writeConfirmed(let number):
      try reading { () throws(HostStore.Failure) in try store.writeConfirmed(number) }
      run.content.state.confirmed = number
    case .writeStop(let stop):
      try reading { () throws(HostStore.Failure) in try store.write(stop) }
      run.content.state.stop = stop
    case .removeStop:
      try reading { () throws(HostStore.Failure) in try store.removeStop() }
      run.content.state.stop = nil
    case .prepareTrial(let number): try prepare(number, pending, &run)
    case .armTrial(let seconds):
      guard let trial = run.content.state.trial else { return }
      let parts = try onTrial(trial.revision, seconds, run)
      try make(parts.armed, standing: parts.prepared, &run)
    case .extendTrial(let seconds):
      try host.windClock(milliseconds: UInt64(seconds) * 1000, run.hold)
    case .removeTrialParts:
      if let table = try host.ownTable(run.hold), table.hasTrialParts { try make(table.withoutTrial, &run) }
    case .enforce(let number): try enforce(number, pending, &run)
    case .removeTable: try host.removeTable(run.hold)
    case .cut: break
    case .audit(let event):
      let entry = AuditEntry(event, time: clock(), by: actor, why: run.why)
      try reading { () throws(HostStore.Failure) in try store.append(entry) }
    case .tell(let announcement): people(announcement)
    }
  }

  /// - Parameter standing: what an earlier step has made of what the change was decided on.
  private func make(
    _ table: Table, standing: Table? = nil, pending: Pending? = nil, _ run: inout Run
  ) throws(AgentFailure) {
    let request = Apply(table, seen: run.seen, isLearning: pending?.isLearning ?? false)
    let applied = try host.change(request, standing: standing, run.hold, tell: pending?.tell ?? { _ in })
    run.operations += applied.operations
    run.applied = Applied(
      operations: run.operations, generation: applied.generation, retries: applied.retries,
      forgetsSilentSessions: applied.forgetsSilentSessions)
  }

  private func prepare(_ number: RevisionNumber, _ pending: Pending?, _ run: inout Run) throws(AgentFailure) {
    guard let trial = run.content.state.trial else { return }
    let isFirst = run.view.base == .none
    try make(try onTrial(number, trial.seconds, run).prepared, &run)
    // The first table of a host makes the kernel track connections; nothing is denied yet.
    if isFirst {
      run.forgetsSilentSessions = try !host.keepSessions(allowedBy: try table(number), run.hold)
      try pending?.tell(.tracking)
    }
  }

  /// Makes a revision what judges.
  private func enforce(_ number: RevisionNumber, _ pending: Pending?, _ run: inout Run) throws(AgentFailure) {
    try make(try table(number), pending: pending, &run)
  }

  private func onTrial(_ number: RevisionNumber, _ seconds: Int, _ run: Run) throws(AgentFailure)
    -> TrialTable
  {
    TrialTable(
      of: try table(number), beside: try host.ownTable(run.hold), milliseconds: UInt64(seconds) * 1000)
  }
}
