package import AgentProtocol
internal import Glibc
package import Nftables
internal import NftablesNetlink
internal import RulesetDiff
internal import RulesetShape

extension LocalHost {
  /// Sekisho's table as it is; `nil`: there is none.
  package func ownTable(_ hold: Hold) throws(AgentFailure) -> Table? {
    let generation: UInt32
    do throws(ReadError) { generation = try hold.kernel.generation() } catch { throw AgentFailure(error) }
    if let known = lastRead.found(at: try moment(generation)) { return known.own?.table }
    let found = try own(hold.kernel)
    lastRead.note(found, at: try moment(found.generation))
    return found.own?.table
  }

  /// Milliseconds for which the trial still judges; `nil`: none does.
  package func trialLeft(_ hold: Hold) throws(AgentFailure) -> UInt64? {
    do throws(ReadError) {
      return try hold.kernel.timeLeft(of: TrialName.clock, family: family, table: name)
    } catch { throw AgentFailure(error) }
  }

  /// Lets connection tracking, which a table has just begun, know the sessions that are there and that another table
  /// would let begin.
  ///
  /// - Returns: whether the kernel could be told of them.
  package func keepSessions(allowedBy wanted: Table, _ hold: Hold) throws(AgentFailure) -> Bool {
    try keepSessions(allowedBy: wanted, hold.kernel)
  }

  /// Waits until connections that are in use have been seen.
  package func learn() { usleep(UInt32(clamping: Int64(learning / .microseconds(1)))) }

  /// Takes the table away; none is no failure.
  package func removeTable(_ hold: Hold) throws(AgentFailure) {
    try whileMoving(hold) { (found) throws(CommitError) in
      guard found.own != nil else { return }
      let change = Change(family: family, table: name, operations: [.deleteTable])
      _ = try hold.kernel.commit(change, expecting: found.generation)
    }
  }

  /// Lets the time of a trial begin anew.
  ///
  /// - Throws: ``AgentProtocol/AgentFailure``; `refused` when it is over.
  package func windClock(milliseconds: UInt64, _ hold: Hold) throws(AgentFailure) {
    try whileMoving(hold) { (found) throws(CommitError) in
      let change = Change(
        family: family, table: name, operations: TrialName.rewinding(milliseconds, found.own?.table))
      _ = try hold.kernel.commit(change, expecting: found.generation)
    }
  }

  func whileMoving(
    _ hold: Hold, _ body: (FoundTable) throws(CommitError) -> Void
  ) throws(AgentFailure) {
    var pause = Backoff()
    while pause.hasMore {
      let found = try own(hold.kernel, &pause)
      do throws(CommitError) { return try body(found) } catch {
        if case .moved = error {
          pause.wait()
          continue
        }
        throw unsettled(error)
      }
    }
    throw Self.tooFast
  }

  /// What may have gone wrong behind the transaction leaves open whether it took place.
  private func unsettled(_ error: CommitError) -> AgentFailure {
    var failure = AgentFailure(error)
    switch error {
    case .moved, .refused, .unencodable: break
    case .discarded, .uncertain, .netlink: failure.happened = .unknown
    }
    return failure
  }
}
