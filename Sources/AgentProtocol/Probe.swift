package import Attempts

/// Tries connections from where the agent is.
package struct Probe: AgentRequest, Codable {
  package static let name = "probe"
  package typealias Reply = Probed

  @BoundedList package private(set) var attempts: [Attempt]

  package init(_ attempts: [Attempt]) { self.attempts = attempts }
}

/// What became of attempts, in their order.
package struct Probed: AgentMessage, Hashable, Codable {
  @BoundedList package private(set) var outcomes: [AttemptOutcome]

  package init(outcomes: [AttemptOutcome]) { self.outcomes = outcomes }
}
