package import Nftables

/// What was the host given, and by whom?
package struct History: AgentRequest, Codable {
  package static let name = "history"
  package typealias Reply = Books

  /// Whether every revision is read, to see that it is what was written; `nil`: only what is known of it.
  package let verifies: Bool?

  package init(verifying: Bool = false) { verifies = verifying ? true : nil }
}

/// What a host's state directory says.
package struct Books: AgentMessage, Hashable, Codable {
  /// A revision that the host has.
  package struct Entry: Hashable, Sendable, Codable {
    package let number: Int
    /// SHA-256 of its ruleset; `nil`, as all that follows: it cannot be read.
    package let digest: String?
    /// Seconds since 1970, UTC.
    package let time: Int64?
    package let by: String?
    package let why: String?
    package let meaning: String?
    package let confirmedAt: Int64?
    /// `token`, `hand`, `untried` or `recovery`.
    package let confirmedBy: String?
    /// The index that it was accepted by; `nil`: it came without one.
    package let index: Int64?
    /// Whose signatures counted; `nil`: none was asked for.
    package let approvedBy: [String]?

    package init(
      number: Int, digest: String?, time: Int64?, by: String?, why: String?, meaning: String?,
      confirmedAt: Int64?, confirmedBy: String?, index: Int64? = nil, approvedBy: [String]? = nil
    ) {
      self.index = index
      self.approvedBy = approvedBy
      self.number = number
      self.digest = digest
      self.time = time
      self.by = by
      self.why = why
      self.meaning = meaning
      self.confirmedAt = confirmedAt
      self.confirmedBy = confirmedBy
    }
  }

  /// What is on trial.
  package struct Running: Hashable, Sendable, Codable {
    package let revision: Int
    /// Milliseconds, by the kernel's clock.
    package let left: UInt64
    package let by: String

    package init(revision: Int, left: UInt64, by: String) {
      self.revision = revision
      self.left = left
      self.by = by
    }
  }

  /// A line of the audit chain.
  package struct Event: Hashable, Sendable, Codable {
    /// Seconds since 1970, UTC.
    package let time: Int64
    package let by: String
    package let event: String
    package let revision: Int?
    package let detail: String?
    /// When it ends by itself: seconds since 1970, UTC; `nil`: it does not.
    package let until: Int64?
    package let why: String?

    package init(
      time: Int64, by: String, event: String, revision: Int?, detail: String?, until: Int64?, why: String?
    ) {
      self.until = until
      self.time = time
      self.by = by
      self.event = event
      self.revision = revision
      self.detail = detail
      self.why = why
    }
  }

  /// The revision that boots.
  package let confirmed: Int?
  package let trial: Running?
  /// The oldest first.
  package let revisions: [Entry]
  /// The newest of the audit chain, the oldest of them first.
  package let events: [Event]
  /// Where the audit chain does not hold.
  package let chainFaults: [String]
  /// The digest of its last line.
  package let chainTip: String
  /// What of the state directory cannot be read.
  package let damage: [String]
  /// The greatest index that was confirmed; `nil`: none ever was.
  package let index: Int64?
  /// Its digest.
  package let indexDigest: String?

  package init(
    confirmed: Int?, trial: Running?, revisions: [Entry], events: [Event], chainFaults: [String],
    chainTip: String, damage: [String], index: Int64? = nil,
    indexDigest: String? = nil
  ) {
    self.index = index
    self.indexDigest = indexDigest
    self.confirmed = confirmed
    self.trial = trial
    self.revisions = revisions
    self.events = events
    self.chainFaults = chainFaults
    self.chainTip = chainTip
    self.damage = damage
  }

  package init(_ header: Self, _ tables: [Table]) throws(AgentFailure) {
    guard tables.isEmpty else { throw AgentFailure(.badRequest, "tables where none belong") }
    guard Bounds.isTime(header.trial?.left), header.events.allSatisfy({ Bounds.isTime($0.until) }) else {
      throw AgentFailure(.badRequest, "a time that no clock comes to")
    }
    self = header
  }
}
