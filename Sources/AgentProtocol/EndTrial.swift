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

  /// Of sessions that the trial had let begin; `nil`: there are no rules, or the kernel does not let itself be asked.
  package let cut: CutReport?

  package init(revision: Int, confirmed: Int?, cut: CutReport? = nil) {
    self.cut = cut
    self.revision = revision
    self.confirmed = confirmed
  }
}
