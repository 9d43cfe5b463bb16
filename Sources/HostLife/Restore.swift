package import AgentProtocol
internal import Enforcement
internal import HostState
internal import HostStore
internal import RulesetDiff

extension HostLife {
  /// What became of a table that was put back.
  package struct Restored: Hashable, Sendable {
    /// Objects that were added, changed and deleted; 0: it was as it should be.
    package let operations: Int
    /// What became of sessions that had begun meanwhile.
    package let cut: CutReport?
  }

  /// Makes the table again what was confirmed, and proves that it is.
  ///
  /// It judges at once: who waits for sessions to be learnt lets everything pass meanwhile. Those of this host that may
  /// begin are kept nevertheless, where the kernel can be told of them.
  ///
  /// - Parameters:
  ///   - confirmed: what was read of the disk, so that it need not be read when it is needed.
  ///   - reason: what had become of the table, for the log.
  /// - Throws: ``AgentProtocol/AgentFailure``, which says what has happened: `trialRuns`, `busy`, `moved` where another
  ///   revision is the confirmed one.
  package func restore(
    _ confirmed: ConfirmedRuleset, because reason: String
  ) throws(AgentFailure) -> Restored {
    var run = try begin()
    let state = run.content.state
    let script = try refusing(run) { (view) throws(HostStateRefusal) in
      try state.restore(because: reason, kernel: view)
    }
    guard state.confirmed?.rawValue == confirmed.revision else {
      throw AgentFailure(.moved, "revision \(confirmed.revision) is not the confirmed one any more")
    }
    let drift = try host.drift(from: confirmed.table, run.hold)
    // Somebody was ahead.
    if drift.own != nil, drift.back.isEmpty { return Restored(operations: 0, cut: nil) }
    run.isLearning = false
    run.known = confirmed
    try carryOut(script, nil, &run)
    return Restored(operations: run.operations, cut: run.cut)
  }
}
