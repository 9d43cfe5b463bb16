package import AgentProtocol
internal import Fleet

/// What became of a host that was to change.
package enum Ending: Sendable {
  /// Without a trial.
  case applied(Applied)
  /// On trial, and confirmed over a connection that the new rules let begin.
  case confirmed(Armed, Confirmed)
  /// On trial; somebody has to confirm.
  case armed(Armed)
  /// On trial, and no new connection came through: the host goes back by itself.
  case unconfirmed(Armed, any Error)

  /// Objects that were added, changed and deleted.
  package var operations: Int {
    switch self {
    case .applied(let applied): applied.operations
    case .confirmed(let armed, let confirmed): armed.operations + confirmed.operations
    case .armed(let armed), .unconfirmed(let armed, _): armed.operations
    }
  }
}

extension Applying {
  /// Puts exactly what was shown on trial, and confirms it over a connection of its own: that it came about is the proof
  /// that the host can still be reached. This machine is asked by nobody over a connection: there people confirm.
  ///
  /// - Throws: ``AgentProtocol/AgentFailure`` when it was not put on trial.
  func tryOut(_ trial: TrialRequest) async throws -> Ending {
    let armed = try await target.ask([Arm.self, Confirm.self]) { [target, looked] agent in
      try await agent.ask(Arm(target.wanted, seen: looked.seen, seconds: trial.seconds, note: trial.note))
    }
    guard case .through = target.reach else { return .armed(armed) }
    return await target.confirmed(armed)
  }
}

extension Target {
  /// Confirms a trial over a new connection, as long as there is time.
  package func confirmed(_ armed: Armed) async -> Ending {
    let end = ContinuousClock.now + .seconds(armed.seconds)
    var last: any Error
    repeat {
      do {
        let confirmed = try await freshly.ask([Confirm.self]) {
          try await $0.ask(Confirm(token: armed.token))
        }
        return .confirmed(armed, confirmed)
      } catch {
        last = error
        // The answer may be lost of a confirmation that took place: the books tell.
        if let books = try? await freshly.ask([History.self], { try await $0.ask(History()) }) {
          if books.confirmed == armed.revision, books.trial == nil {
            return .confirmed(armed, Confirmed(revision: armed.revision, operations: 0))
          }
          if books.trial?.revision != armed.revision { break }
        }
      }
      try? await Task.sleep(for: .seconds(1))
    } while ContinuousClock.now < end
    return .unconfirmed(armed, last)
  }

  /// The same host, reached by a connection that nothing else is in already.
  private var freshly: Target {
    guard case .through(let transport) = reach else { return self }
    return Target(
      name: name, wanted: wanted, reach: .through(transport.alone), identity: identity, patience: patience)
  }
}

/// How a change is tried.
package struct TrialRequest: Sendable {
  package let seconds: Int
  package let note: ChangeNote

  package init(seconds: Int, note: ChangeNote) {
    self.seconds = seconds
    self.note = note
  }
}
