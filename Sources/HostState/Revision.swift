/// A ruleset that a host was given, counted from 1 on each host; numbers are never given twice.
package struct RevisionNumber: RawRepresentable, Hashable, Comparable, Sendable, Codable,
  CustomStringConvertible
{
  package let rawValue: Int

  package init(rawValue: Int) { self.rawValue = rawValue }

  package init(from decoder: any Decoder) throws {
    rawValue = try decoder.singleValueContainer().decode(Int.self)
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(rawValue)
  }

  package var next: Self { Self(rawValue: rawValue + 1) }

  package var description: String { "\(rawValue)" }

  package static func < (one: Self, other: Self) -> Bool { one.rawValue < other.rawValue }
}

/// Who asked for something, as far as the host can tell.
package struct Actor: Hashable, Sendable, Codable {
  /// The user whose rights were used, as the password database calls him.
  package let user: String
  /// `SUDO_USER`: who became that user.
  package let invokedBy: String?
  /// Where his session comes from (`SSH_CONNECTION`), as an address; `nil`: from this machine.
  package let from: String?

  package init(user: String, invokedBy: String? = nil, from: String? = nil) {
    self.user = user
    self.invokedBy = invokedBy
    self.from = from
  }
}

/// What is known of a revision besides its ruleset.
package struct Revision: Hashable, Sendable, Codable {
  package let number: RevisionNumber
  /// SHA-256 of its ruleset as it is stored, in hexadecimal digits.
  package let digest: String
  /// Seconds since 1970, UTC.
  package let time: Int64
  package let by: Actor
  /// What the operator gave as the reason.
  package let why: String?
  /// What it changes, in a line for people.
  package let meaning: String
  /// By what it was accepted; `nil`: no index came with it.
  package let approved: Approved?

  package init(
    number: RevisionNumber, digest: String, time: Int64, by: Actor, why: String?, meaning: String,
    approved: Approved? = nil
  ) {
    self.approved = approved
    self.number = number
    self.digest = digest
    self.time = time
    self.by = by
    self.why = why
    self.meaning = meaning
  }
}
