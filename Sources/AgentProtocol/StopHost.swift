/// Takes Sekisho's table away, for a time or until somebody starts or applies again.
package struct StopHost: AgentRequest, Codable {
  package static let name = "stop"
  package static let isChange = true
  package typealias Reply = StoppedHost

  /// After which what was confirmed is put back; `nil`: nobody does that but a person.
  package let seconds: Int?
  package let why: String?

  package init(seconds: Int?, why: String?) {
    self.seconds = seconds
    self.why = why
  }

  /// Seconds that a stop may last: what is open for longer is open for good, and is said to be.
  package static let possibleSeconds = 5...2_592_000
}

/// A host on which nothing is enforced.
package struct StoppedHost: AgentMessage, Hashable, Codable {
  /// Seconds since 1970, UTC, by the host's clock; `nil`: until somebody starts or applies again.
  package let until: Int64?
  /// What is put back then.
  package let revision: Int?

  package init(until: Int64?, revision: Int?) {
    self.until = until
    self.revision = revision
  }
}

/// Who has stopped a host.
package struct StopStatus: Hashable, Sendable, Codable {
  /// As in ``StoppedHost``.
  package let until: Int64?
  /// Whether its time is over: the next command puts back what was confirmed.
  package let isOver: Bool
  @BoundedWord package private(set) var by: String
  package let why: String?

  package init(until: Int64?, isOver: Bool, by: String, why: String?) {
    self.until = until
    self.isOver = isOver
    self.by = by
    self.why = why
  }
}
