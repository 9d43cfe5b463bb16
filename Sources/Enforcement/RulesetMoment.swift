/// What a ruleset is known by that was looked at: with another moment it may be another ruleset.
public struct RulesetMoment: Hashable, Sendable, Codable {
  /// Kernel since it was booted, and network namespace: generations count anew in each.
  public let place: String
  /// Of the ruleset (`NFTA_GEN_ID`): every transaction makes the next.
  public let generation: UInt32

  public init(place: String, generation: UInt32) {
    self.place = place
    self.generation = generation
  }
}
