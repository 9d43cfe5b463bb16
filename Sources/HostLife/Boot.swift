package import AgentProtocol
internal import Enforcement
package import HostState
internal import HostStore
internal import Machine
internal import RulesetShape

/// What stands after a boot.
package enum Booted: Sendable {
  /// The confirmed revision.
  ///
  /// - Parameter trouble: why the books could not be brought up to it; the next command does that.
  case confirmed(RevisionNumber, trouble: AgentFailure?)
  /// The confirmed revision, and why it is not known whom the host has cut off: they are let in.
  case unguarded(RevisionNumber, AgentFailure)
  /// Nothing: somebody has stopped Sekisho for good.
  case stopped(HostState.Stop)
  /// Nothing: no revision was ever confirmed.
  case nothing
  /// The compiled-in ruleset that only ssh passes, and why.
  case fallback(AgentFailure)
}

extension HostLife {
  /// Loads what was confirmed, and nothing else; where that cannot be, the fallback. The rules come first, the books
  /// after them: a disk that cannot be written keeps no host from what was confirmed.
  ///
  /// - Throws: ``AgentProtocol/AgentFailure``; nothing was changed then: a trial runs, another command is at work, rules of
  ///   ours judge already, or not even the fallback could be loaded.
  package func boot() throws(AgentFailure) -> Booted {
    var hold: Hold?
    var judged: Bool?
    do throws(AgentFailure) {
      let own = try patientHold()
      hold = own
      var run = Run(hold: own, books: try booksOfBoot(), place: try Self.place())
      try look(&run)
      judged = run.own?.judges ?? false
      // By hand, without a boot: what was left behind is led out of as by any command.
      if run.content.state.trial?.place == run.place {
        try leadOut(&run)
        if let trial = run.content.state.trial {
          throw AgentFailure(HostStateRefusal.trialRuns(trial, left: run.view.left ?? 0))
        }
      }
      run.before = (run.own, run.view.left)
      return try boot(&run)
    } catch {
      if error.code == .busy || error.code == .trialRuns { throw error }
      try Fallback.stand(on: host, hold, judged: judged, because: error, cutOff: cutOffByBooks)
      // The disk may be what is out of order.
      let entry = AuditEntry(.fallback(error.message), time: clock(), by: actor)
      try? reading { () throws(HostStore.Failure) in try store.append(entry) }
      people(.fallback(error.message))
      return .fallback(error)
    }
  }

  private func boot(_ run: inout Run) throws(AgentFailure) -> Booted {
    let state = run.content.state
    let isStopped = state.stop.map { $0.until == nil } ?? false && state.trial?.phase != .accepted
    if !isStopped { try requireKnown(run.content) }
    var standing: RevisionNumber?
    for step in state.boot() {
      do throws(AgentFailure) {
        do throws(AgentFailure) { try take(step, nil, &run) } catch {
          // What goes by, such as a kernel short of memory, must not decide what a host has until somebody comes.
          guard step.isTransaction else { throw error }
          // What tracks connections is there, or is what failed.
          run.isLearning = false
          try take(step, nil, &run)
        }
        if case .enforce(let number) = step { standing = number }
      } catch {
        if let standing { return .confirmed(standing, trouble: error) }
        // Of a step on disk, where nothing is to be loaded: the next command takes it.
        if step.isTransaction { throw error }
        break
      }
    }
    if let standing, run.before.own != nil {
      // By hand, without a boot: a set that was there keeps what is in it, and the books need not name it any more.
      let kept = kept(run.content, run.place)
      do throws(AgentFailure) {
        let corrected = try host.correct(kept.elements, known: kept.known, run.hold)
        // What came by a door that is closed by that has no rule any more.
        if corrected > 0 { _ = host.cut(before: run.before.own?.withoutTrial, isCounting: false, run.hold) }
      } catch {
        return .confirmed(standing, trouble: error)
      }
    }
    if let standing {
      // The rules stand all the same: a host without any would be open to all.
      do throws(AgentFailure) { try requireQuarantine(run.content) } catch {
        return .unguarded(standing, error)
      }
      return .confirmed(standing, trouble: nil)
    }
    if isStopped, let stop = state.stop { return .stopped(stop) }
    return .nothing
  }

  /// A file that is gone is no sign that nothing was confirmed: the log remembers.
  func requireKnown(_ content: HostStore.Content) throws(AgentFailure) {
    if content.state.confirmed != nil || content.state.trial?.phase == .accepted { return }
    let chain = try reading { () throws(HostStore.Failure) in try store.audit() }
    guard content.isConfirmedLost || chain.entries.contains(where: { $0.event == "confirmed" }) else {
      return
    }
    throw AgentFailure(
      .failed,
      content.damage.first.map { "\($0)" } ?? "the books do not say which revision is confirmed",
      remedy: "apply again, or go back to a revision that \"sekisho history\" lists (sekisho rollback N)")
  }

  /// - Returns: `nil`: they cannot be locked, as on a disk that is read-only.
  private func booksOfBoot() throws(AgentFailure) -> HostStore.Lock? {
    do throws(AgentFailure) {
      return try lockedBooks()
    } catch {
      if error.code == .busy { throw error }
      return nil
    }
  }
}
