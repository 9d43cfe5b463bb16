/// Ends what is on trial at once: the confirmed ruleset judges again.
package struct EndTrial: AgentRequest, Codable {
  package static let name = "end-trial"
  package static let isChange = true
  package typealias Reply = RolledBack

  package init() {}
}

/// A trial that was ended.
package struct RolledBack: AgentMessage, Hashable, Codable {
  package let revision: Int
  /// What is in force; `nil`: nothing was ever confirmed.
  package let confirmed: Int?

  package init(revision: Int, confirmed: Int?) {
    self.revision = revision
    self.confirmed = confirmed
  }
}
