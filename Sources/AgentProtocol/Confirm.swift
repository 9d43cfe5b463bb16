/// Makes what is on trial stay: whoever asks came through it.
package struct Confirm: AgentRequest, Codable {
  package static let name = "confirm"
  package static let isChange = true
  package typealias Reply = Confirmed

  /// Of ``Armed``; `nil`: whichever trial runs.
  package let token: String?

  /// The revision that is meant; any other is not confirmed. `nil`: whichever is on trial.
  package let revision: Int?

  /// Sessions that the rules do not allow any more go on; `nil`: they end.
  package let keepsSessions: Bool?

  package init(token: String?, revision: Int? = nil, keepsSessions: Bool = false) {
    self.token = token
    self.revision = revision
    self.keepsSessions = keepsSessions ? true : nil
  }
}

/// A trial that was confirmed.
package struct Confirmed: AgentMessage, Hashable, Codable {
  package let revision: Int
  /// Who has put it on trial; `nil`: the agent does not say.
  package let by: String?
  /// Objects added, changed and deleted to make it stay.
  @BoundedCount package private(set) var operations: Int

  /// `nil`: the kernel does not let itself be asked for sessions.
  package let cut: CutReport?

  package init(revision: Int, by: String? = nil, operations: Int, cut: CutReport? = nil) {
    self.by = by
    self.cut = cut
    self.revision = revision
    self.operations = operations
  }
}
