package import AgentProtocol
internal import Fleet
internal import Nftables

// Whether a host has again what it had when a trial is over: the kernel goes back by itself, and leaves what somebody else has
// made of the rules meanwhile.

extension Agent {
  /// - Parameters:
  ///   - before: what the trial was decided on; `nil`: it is not known, and what was confirmed is asked for.
  ///   - wanted: any ruleset of the host.
  /// - Throws: ``AgentProtocol/AgentFailure`` `.moved` where the host does not have it.
  func requireStanding(as before: Seen?, wanted: Table) async throws {
    // There was nothing that could be lost.
    if let before, before.own == nil { return }
    let status = try await ask(Status())
    if let left = status.table?.trialLeft, try await ask(History()).trial == nil {
      throw AgentFailure(
        .moved,
        "its rules judge for another \((left + 999) / 1000) s all the same: somebody has taken the books of the host away",
        remedy: "\"sekisho rollback\" ends it at once; look at the state directory, and apply again",
        happened: .unknown)
    }
    if let stop = status.stop {
      throw AgentFailure(
        .moved, "\(stop.by) has stopped the host meanwhile: nothing is enforced",
        remedy: "\"sekisho start\" puts back what was confirmed", happened: .unknown)
    }
    guard let table = status.table, !table.isDormant else {
      if before == nil, status.confirmed == nil, status.confirmedUnknown == nil { return }
      throw AgentFailure(
        .moved, "the rules from before are gone, and nothing is enforced: somebody has taken them away",
        remedy: status.confirmed == nil ? "apply again" : "\"sekisho start\" puts back what was confirmed",
        happened: .unknown)
    }
    if status.confirmed?.isDrifted == false { return }
    if let before {
      if try await ask(Look(wanted)).seen.own == before.own { return }
    } else if status.confirmed?.isDrifted == nil {
      return
    }
    throw AgentFailure(
      .moved, "what is in force is not what was: somebody has changed Sekisho's table meanwhile",
      remedy: "\"sekisho drift\" tells what, and \"sekisho boot\" on the host puts back what was confirmed",
      happened: .unknown)
  }
}

extension Target {
  /// Makes sure that a host has what it had, once a trial of it was not confirmed.
  ///
  /// - Parameters:
  ///   - before: what the trial was decided on.
  ///   - reason: why it was not confirmed.
  /// - Throws: ``AgentProtocol/AgentFailure`` `.moved` where it has not. Of one that does not answer its kernel decides.
  package func requireStanding(
    behind armed: Armed, as before: Seen?, because reason: any Error
  ) async throws {
    do {
      try await freshly.ask([Status.self, History.self, Look.self]) {
        try await $0.requireStanding(as: before, wanted: wanted)
      }
    } catch let failure as AgentFailure where failure.code == .moved {
      let cause = (reason as? AgentFailure)?.code == .moved ? "" : " (\(reason))"
      throw AgentFailure(
        .moved, "revision \(armed.revision) was not confirmed\(cause), and \(failure.message)",
        remedy: failure.remedy, happened: .unknown)
    } catch {}
  }
}
