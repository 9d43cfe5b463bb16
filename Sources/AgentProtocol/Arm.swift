package import Nftables

/// Lets new connections be judged by another ruleset for a time; the kernel ends it (``Confirm`` makes it stay).
///
/// Where no table of Sekisho's tracks connections yet, the agent tells ``Apply/Step/tracking`` while everything
/// still passes, and goes on when that is acknowledged.
package struct Arm: AgentRequest {
  package static let name = "arm"
  package static let isChange = true
  package typealias Reply = Armed
  package typealias Event = Apply.Event

  /// What is put on trial; `nil`: a revision that the host still has.
  package let wanted: Table?
  package let revision: Int?
  /// What the change was decided on: anything else refuses. `nil`: whatever is there now.
  package let seen: Seen?
  package let seconds: Int
  package let note: ChangeNote
  /// Sessions that the wanted rules would not let begin end when the trial begins; else they do when it is confirmed.
  package let cutsNow: Bool
  /// By what the host is to accept it; of a revision that it has, it was accepted before.
  package let signed: SignedIndex?

  package init(
    _ wanted: Table, seen: Seen?, seconds: Int, note: ChangeNote, cutsNow: Bool = false,
    signed: SignedIndex? = nil
  ) {
    self.signed = signed
    self.cutsNow = cutsNow
    self.wanted = wanted
    self.revision = nil
    self.seen = seen
    self.seconds = seconds
    self.note = note
  }

  package init(revision: Int, seen: Seen?, seconds: Int, note: ChangeNote, cutsNow: Bool = false) {
    signed = nil
    self.cutsNow = cutsNow
    self.wanted = nil
    self.revision = revision
    self.seen = seen
    self.seconds = seconds
    self.note = note
  }

  /// Seconds that a trial may last: shorter ones end before anybody can confirm them.
  package static let possibleSeconds = 5...86_400

  /// The header of the request; the wanted table stands behind it.
  package struct Header: Sendable, Codable {
    let revision: Int?
    let seen: Seen?
    let seconds: Int
    let note: ChangeNote
    let cutsNow: Bool?
    let signed: SignedIndex?
  }

  package var header: Header {
    Header(
      revision: revision, seen: seen, seconds: seconds, note: note, cutsNow: cutsNow ? true : nil,
      signed: signed)
  }
  package var tables: [Table] { wanted.map { [$0] } ?? [] }

  package init(_ header: Header, _ tables: [Table]) throws(AgentFailure) {
    guard (header.revision == nil) != tables.isEmpty else {
      throw AgentFailure(.badRequest, "either a revision or a ruleset is put on trial")
    }
    guard Self.possibleSeconds.contains(header.seconds) else {
      throw AgentFailure(
        .badRequest,
        "a trial lasts \(Self.possibleSeconds.lowerBound) to \(Self.possibleSeconds.upperBound) s, not \(header.seconds)"
      )
    }
    wanted = tables.isEmpty ? nil : try Self.only(tables)
    revision = header.revision
    seen = header.seen
    seconds = header.seconds
    note = header.note
    cutsNow = header.cutsNow ?? false
    signed = header.signed
  }

  package static func line(_ table: Table) throws(AgentFailure) -> [UInt8] { try TableLine.exact(table) }
}

/// What is kept of a change besides its ruleset.
package struct ChangeNote: Hashable, Sendable {
  /// What the operator gave as the reason.
  package let why: String?
  /// What it changes, in a line.
  package let meaning: String

  package init(why: String?, meaning: String) {
    self.why = why
    self.meaning = meaning
  }
}

extension ChangeNote: Codable {
  private enum Key: CodingKey {
    case why, meaning
  }

  package init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Key.self)
    why = try fields.decodeIfPresent(String.self, forKey: .why).map { Bounds.clamped($0, to: Bounds.message) }
    meaning = Bounds.clamped(try fields.decode(String.self, forKey: .meaning), to: Bounds.message)
  }
}

/// A change that is on trial.
package struct Armed: AgentMessage, Hashable, Codable {
  package let revision: Int
  /// Who has it may confirm.
  package let token: String
  package let seconds: Int
  /// Objects added, changed and deleted for the trial.
  @BoundedCount package private(set) var operations: Int
  /// As in ``Applied``.
  package let forgetsSilentSessions: Bool?
  /// Sessions that ended when the trial began; `nil`: none was to, or the kernel does not let itself be asked.
  package let cut: CutReport?

  package init(
    revision: Int, token: String, seconds: Int, operations: Int, forgetsSilentSessions: Bool? = nil,
    cut: CutReport? = nil
  ) {
    self.cut = cut
    self.forgetsSilentSessions = forgetsSilentSessions
    self.revision = revision
    self.token = token
    self.seconds = seconds
    self.operations = operations
  }
}
