/// A revision that is in force until its time is over, unless it is confirmed.
package struct Trial: Hashable, Sendable, Codable {
  /// How far a trial has come, as far as the disk knows.
  package enum Phase: String, Hashable, Sendable, Codable {
    /// On disk ahead of the transaction that arms it: the kernel may have it or not.
    case armed
    /// Confirmed. On disk ahead of the transaction that makes it so: whoever finds this carries it on.
    case accepted
  }

  package let revision: RevisionNumber
  package var phase: Phase
  /// The boot (random(4)) and network namespace that it was armed in: in another there is no trial.
  package let place: String
  /// SHA-256 of the token that confirms it, in hexadecimal digits: who can read the disk cannot confirm.
  package let token: String
  /// For how long it was armed, in seconds.
  package var seconds: Int
  package let by: Actor
  /// Whether sessions go on that the revision would not let begin, once it is accepted; `nil`: they end.
  package var keepsSessions: Bool?
  /// Whether the kernel had it, as the disk knows behind the transaction; `nil`: it is not known.
  package var wasInForce: Bool?

  package init(
    revision: RevisionNumber, phase: Phase = .armed, place: String, token: String, seconds: Int, by: Actor,
    keepsSessions: Bool = false
  ) {
    self.keepsSessions = keepsSessions ? true : nil
    self.revision = revision
    self.phase = phase
    self.place = place
    self.token = token
    self.seconds = seconds
    self.by = by
  }
}

/// What the kernel has of Sekisho's table, as far as trials are concerned.
package struct KernelView: Hashable, Sendable {
  /// What new connections are judged by when no trial runs.
  package enum Base: Hashable, Sendable {
    /// There is no table.
    case none
    /// A table that lets everything pass: the first trial of a host made it, and it goes with that.
    case bare
    case rules
  }

  package let base: Base
  /// Whether there are rules, chains or sets of a trial, in force or not.
  package let hasParts: Bool
  /// Milliseconds until the kernel judges by the base again; `nil`: it does so already.
  package let left: UInt64?
  /// Whether the base has rules that packets come to: a table may be empty, or switched off (dormant).
  package let isJudging: Bool

  /// - Parameter isJudging: `nil`: where there are rules they do.
  package init(base: Base, isJudging: Bool? = nil, hasParts: Bool = false, left: UInt64? = nil) {
    self.base = base
    self.isJudging = isJudging ?? (base == .rules)
    self.hasParts = hasParts
    self.left = left
  }
}
