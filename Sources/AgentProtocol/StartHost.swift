/// Puts back what was confirmed where ``StopHost`` has taken it away.
package struct StartHost: AgentRequest, Codable {
  package static let name = "start"
  package static let isChange = true
  package typealias Reply = StartedHost

  /// What was judged to come back, and on what it was judged: anything else refuses. `nil`: nothing was ever confirmed.
  package let revision: Int?
  package let seen: Seen?

  package init(revision: Int?, seen: Seen?) {
    self.revision = revision
    self.seen = seen
  }
}

/// A host that enforces again.
package struct StartedHost: AgentMessage, Hashable, Codable {
  /// What is in force; `nil`: nothing was ever confirmed.
  package let revision: Int?

  package init(revision: Int?) { self.revision = revision }
}
