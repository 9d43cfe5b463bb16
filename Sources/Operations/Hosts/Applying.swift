package import AgentProtocol
internal import Fleet
internal import RulesetDiff

/// A host that is about to change, and what was shown of it.
package struct Applying: Sendable {
  package let target: Target
  package let looked: Looked

  /// Applies exactly what was shown. When the answer is lost on the way, the host is asked for it again, in a
  /// conversation of its own.
  ///
  /// - Throws: ``AgentProtocol/AgentFailure``, which says what happened.
  ///
  /// - Parameters:
  ///   - note: is kept on the host.
  ///   - keepsSessions: whether sessions go on that the new rules would not let begin.
  package func apply(_ note: ChangeNote, keepsSessions: Bool = false) async throws -> Applied {
    do {
      return try await target.ask([Apply.self]) { agent in
        try await agent.ask(
          Apply(
            target.wanted, seen: looked.seen, note: note, keepsSessions: keepsSessions, signed: target.signed)
        )
      }
    } catch let failure as AgentFailure where failure.happened == .unknown {
      guard let found = try? await target.ask([Look.self], { try await $0.ask(Look(target.wanted)) }) else {
        throw failure
      }
      if !found.isToChange {
        return Applied(
          operations: looked.comparison.change.objects.count, generation: found.comparison.generation,
          retries: 0)
      }
      throw AgentFailure(
        failure.code, "\(failure.message); asked again, the host does not have the change",
        object: failure.object,
        element: failure.element, errno: failure.errno, remedy: "look again: its agent may still be at work",
        happened: .unknown)
    }
  }
}

extension Applying {
  /// Exactly what was shown, on trial.
  func trial(_ request: TrialRequest) -> Arm {
    Arm(
      target.wanted, seen: looked.seen, seconds: request.seconds, note: request.note,
      cutsNow: request.cutsNow, signed: target.signed)
  }
}

/// Hosts that are made to have what they should.
package struct FleetChange {
  package let running: RunningHosts
  /// Hosts that are left out, and why.
  package let skipped: [(host: String, error: any Error)]
  package let found: FoundDifference

  /// Looks at every host.
  ///
  /// - Parameters:
  ///   - saved: what was shown; it has to be what there is.
  ///   - skipsUnreachable: whether hosts that cannot be asked are left out.
  ///   - readsBooks: whether hosts are asked for their books, too.
  /// - Throws: ``PlanMoved``.
  package init(
    of targets: Targets, as saved: SavedPlan? = nil, skipsUnreachable: Bool = false, readsBooks: Bool = false,
    watch: (any HostWatch)? = nil
  ) async throws {
    try saved?.requireSame(targets)
    let targets = saved?.signing(targets) ?? targets
    let asked = await RunningHosts(asking: targets, readsBooks: readsBooks, watch: watch)
    skipped = skipsUnreachable ? asked.unreachable : []
    running = asked.without(skipped.map(\.host))
    found = running.found
    if !found.hosts.contains(where: \.isFailure) { try saved?.requireSame(running) }
  }

  /// Hosts that were asked and could not answer, or would refuse the change, and why.
  package var failures: [(host: String, error: any Error)] {
    found.hosts.compactMap { host in host.error.map { (host.host, $0) } }
      + running.unsigned.map { ($0, AgentFailure.unsigned) }
  }

  /// A host and what became of it.
  package typealias Outcome = (host: String, ending: Result<Ending, any Error>)

  /// Applies what was found.
  ///
  /// - Parameters:
  ///   - trial: how it is tried first; `nil`: it is not.
  ///   - keepsSessions: whether sessions go on that the new rules would not let begin.
  ///   - concurrency: hosts that are changed at once.
  ///   - watch: hears of hosts that are done.
  package func apply(
    _ trial: TrialRequest?, note: ChangeNote, keepsSessions: Bool = false, concurrency: Int = 16,
    watch: (any HostWatch)? = nil
  ) async -> [Outcome] {
    let changing = running.changing
    await watch?.begins(changing.map(\.target.name))
    let results = await concurrently(
      changing, limit: concurrency,
      { host -> Ending in
        defer { watch?.has(host.target.name) }
        // Where the kernel has it already there is nothing to try.
        guard let trial, !host.looked.comparison.change.isEmpty else {
          return .applied(try await host.apply(note, keepsSessions: keepsSessions))
        }
        return try await host.target.tried(host.trial(trial), keepsSessions: keepsSessions)
      })
    await watch?.ends()
    return zip(changing, results).map { (host: $0.target.name, ending: $1) }
  }
}
