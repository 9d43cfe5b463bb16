/// Makes what is on trial stay: whoever asks came through it.
package struct Confirm: AgentRequest, Codable {
  package static let name = "confirm"
  package static let isChange = true
  package typealias Reply = Confirmed

  /// Of ``Armed``.
  package let token: String

  package init(token: String) { self.token = token }
}

/// A trial that was confirmed.
package struct Confirmed: AgentMessage, Hashable, Codable {
  package let revision: Int
  /// Objects added, changed and deleted to make it stay.
  @BoundedCount package private(set) var operations: Int

  package init(revision: Int, operations: Int) {
    self.revision = revision
    self.operations = operations
  }
}
