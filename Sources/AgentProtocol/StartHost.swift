/// Puts back what was confirmed where ``StopHost`` has taken it away.
package struct StartHost: AgentRequest, Codable {
  package static let name = "start"
  package static let isChange = true
  package typealias Reply = StartedHost

  package init() {}
}

/// A host that enforces again.
package struct StartedHost: AgentMessage, Hashable, Codable {
  /// What is in force; `nil`: nothing was ever confirmed.
  package let revision: Int?

  package init(revision: Int?) { self.revision = revision }
}
