package import Attempts

/// Tries connections from where the agent is; its witness goes on seeing meanwhile.
package struct Probe: AgentRequest {
  package static let name = "probe"
  package typealias Reply = Probed

  package let attempts: [Attempt]
  /// Milliseconds without an answer after which an attempt counts as silent.
  package let patience: Int
  /// How many attempts are begun in a second at most.
  package let rate: Int

  package init(_ attempts: [Attempt], patience: Int = Self.patience, rate: Int = Self.highestRate) {
    self.attempts = attempts
    self.patience = patience
    self.rate = rate
  }

  /// What is taken where a request does not say.
  package static let patience = 300
  package static let highestRate = 100_000
  package static let longestPatience = 20_000
}

extension Probe: Codable {
  private enum Key: CodingKey {
    case attempts, patience, rate
  }

  package init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Key.self)
    attempts = try fields.decode(BoundedList<Attempt>.self, forKey: .attempts).wrappedValue
    patience = try fields.decodeIfPresent(Int.self, forKey: .patience) ?? Self.patience
    rate = try fields.decodeIfPresent(Int.self, forKey: .rate) ?? Self.highestRate
    guard (1...Self.longestPatience).contains(patience), (1...Self.highestRate).contains(rate) else {
      throw DecodingError.dataCorruptedError(forKey: .rate, in: fields, debugDescription: "out of bounds")
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Key.self)
    try fields.encode(attempts, forKey: .attempts)
    try fields.encode(patience, forKey: .patience)
    try fields.encode(rate, forKey: .rate)
  }
}

/// What became of attempts, in their order.
package struct Probed: AgentMessage, Hashable, Codable {
  @BoundedList package private(set) var outcomes: [AttemptOutcome]

  package init(outcomes: [AttemptOutcome]) { self.outcomes = outcomes }
}
