package import Attempts

/// Tries connections from where the agent is.
package struct Probe: AgentRequest {
  package static let name = "probe"
  package typealias Reply = Probed

  package let attempts: [Attempt]

  package init(_ attempts: [Attempt]) { self.attempts = attempts }
}

extension Probe: Codable {
  private enum Key: CodingKey {
    case attempts
  }

  package init(from decoder: any Decoder) throws {
    attempts = try decoder.container(keyedBy: Key.self).list(Attempt.self, .attempts)
  }
}

/// What became of attempts, in their order.
package struct Probed: AgentMessage, Hashable {
  package let outcomes: [AttemptOutcome]

  package init(outcomes: [AttemptOutcome]) { self.outcomes = outcomes }
}

extension Probed: Codable {
  private enum Key: CodingKey {
    case outcomes
  }

  package init(from decoder: any Decoder) throws {
    outcomes = try decoder.container(keyedBy: Key.self).list(AttemptOutcome.self, .outcomes)
  }
}
