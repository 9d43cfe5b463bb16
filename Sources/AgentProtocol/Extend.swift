/// Lets the time of the trial begin anew.
package struct Extend: AgentRequest, Codable {
  package static let name = "extend"
  package static let isChange = true
  package typealias Reply = Extended

  package let seconds: Int

  package init(seconds: Int) { self.seconds = seconds }
}

/// A trial that goes on.
package struct Extended: AgentMessage, Hashable, Codable {
  package let revision: Int
  package let seconds: Int

  package init(revision: Int, seconds: Int) {
    self.revision = revision
    self.seconds = seconds
  }
}
