package import AgentProtocol
internal import Fleet

/// What became of a host that was to change.
package enum Ending: Sendable {
  /// Without a trial.
  case applied(Applied)
  /// On trial, and confirmed over a connection that the new rules let begin; `nil`: by somebody else, who was told what came
  /// of it, or the answer was lost.
  case confirmed(Armed, Confirmed?)
  /// On trial; somebody has to confirm.
  case armed(Armed)
  /// On trial, and not confirmed: no confirmation was sent, or the host says so. It goes back by itself.
  case unconfirmed(Armed, any Error)
  /// A confirmation was sent, and the host could not be asked whether it came: it has the new rules, or goes back by itself.
  case unknown(Armed, any Error)

  /// Objects that were added, changed and deleted.
  package var operations: Int {
    switch self {
    case .applied(let applied): applied.operations
    case .confirmed(let armed, let confirmed): armed.operations + (confirmed?.operations ?? 0)
    case .armed(let armed), .unconfirmed(let armed, _), .unknown(let armed, _): armed.operations
    }
  }
}

extension Target {
  /// Puts something on trial, and confirms it over a connection of its own: that it came about is the proof that the host
  /// can still be reached. This machine is asked by nobody over a connection: there people confirm.
  ///
  /// - Parameter keepsSessions: whether sessions go on that the new rules would not let begin.
  /// - Throws: ``AgentProtocol/AgentFailure`` when it was not put on trial, or went back to something else than it had.
  package func tried(_ trial: Arm, keepsSessions: Bool) async throws -> Ending {
    let armed = try await ask([Arm.self, Confirm.self]) { try await $0.ask(trial) }
    guard case .through = reach else { return .armed(armed) }
    let confirmation = Confirm(token: armed.token, keepsSessions: keepsSessions)
    let ending = await ending(of: armed, by: confirmation, within: .seconds(trial.seconds))
    if case .unconfirmed(_, let reason) = ending {
      try await requireStanding(behind: armed, as: trial.seen, because: reason)
    }
    return ending
  }

  /// Confirms a trial over a new connection, as long as there is time.
  func ending(
    of armed: Armed, by confirmation: Confirm, within limit: Duration
  ) async -> Ending {
    let end = ContinuousClock.now + limit
    var last: any Error
    var isSent = false
    repeat {
      do {
        let confirmed = try await freshly.ask([Confirm.self]) { try await $0.ask(confirmation) }
        return .confirmed(armed, confirmed)
      } catch {
        last = error
        isSent = isSent || (error as? AgentFailure)?.happened != .nothing
        // The answer may be lost of a confirmation that took place: the books tell.
        if let books = try? await freshly.ask([History.self], { try await $0.ask(History()) }),
          let ending = books.ending(of: armed, error)
        {
          return ending
        }
      }
      try? await Task.sleep(for: .seconds(1))
    } while ContinuousClock.now < end
    return isSent ? .unknown(armed, last) : .unconfirmed(armed, last)
  }

  /// The same host, reached by a connection that nothing else is in already.
  var freshly: Target {
    guard case .through(let transport) = reach else { return self }
    return Target(
      name: name, wanted: wanted, reach: .through(transport.alone), identity: identity, patience: patience)
  }
}

extension Books {
  /// What became of a trial; `nil`: it runs.
  package func ending(of armed: Armed, _ reason: any Error) -> Ending? {
    if trial?.revision == armed.revision { return nil }
    // Something else may have been confirmed since.
    let wasConfirmed =
      confirmed == armed.revision
      || revisions.contains { $0.number == armed.revision && $0.confirmedAt != nil }
    return wasConfirmed ? .confirmed(armed, nil) : .unconfirmed(armed, reason)
  }
}

/// How a change is tried.
package struct TrialRequest: Sendable {
  package let seconds: Int
  package let note: ChangeNote
  /// Whether sessions that the new rules would not let begin end when the trial begins.
  package let cutsNow: Bool

  package init(seconds: Int, note: ChangeNote, cutsNow: Bool) {
    self.cutsNow = cutsNow
    self.seconds = seconds
    self.note = note
  }
}
