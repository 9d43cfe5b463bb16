/// Makes what is on trial stay: whoever asks came through it.
package struct Confirm: AgentRequest, Codable {
  package static let name = "confirm"
  package static let isChange = true
  package typealias Reply = Confirmed

  /// Of ``Armed``; `nil`: whichever trial runs.
  package let token: String?

  /// Sessions that the rules do not allow any more go on; `nil`: they end.
  package let keepsSessions: Bool?

  package init(token: String?, keepsSessions: Bool = false) {
    self.token = token
    self.keepsSessions = keepsSessions ? true : nil
  }
}

/// A trial that was confirmed.
package struct Confirmed: AgentMessage, Hashable, Codable {
  package let revision: Int
  /// Objects added, changed and deleted to make it stay.
  @BoundedCount package private(set) var operations: Int

  /// `nil`: the kernel does not let itself be asked for sessions.
  package let cut: CutReport?

  package init(revision: Int, operations: Int, cut: CutReport? = nil) {
    self.cut = cut
    self.revision = revision
    self.operations = operations
  }
}
