package import Nftables

/// Makes the host's table equal to the wanted one, or leaves it as it was.
///
/// The kernel tracks no connection until a rule asks for it. A session from before is then a stream of
/// packets that begin nothing, and would be denied: the operator's own among them. So where there is no
/// table yet, the agent first makes one that only tracks and accepts, tells ``Step/tracking``, and goes on
/// when that is acknowledged: the session has then spoken in both directions. When nothing comes in time,
/// or the agent ends in any way, that table is gone.
package struct Apply: AgentRequest {
  package static let name = "apply"
  package static let isChange = true
  package typealias Reply = Applied

  /// What is told on the way.
  package struct Event: Hashable, Sendable, Codable {
    package let step: Step

    package init(_ step: Step) { self.step = step }
  }

  /// How far it has come.
  package enum Step: String, Hashable, Sendable, Codable {
    /// Connections are learnt and nothing is denied yet.
    case tracking
  }

  package let wanted: Table
  /// What the change was decided on: anything else refuses. `nil`: whatever is there now.
  package let seen: Seen?
  /// Whether connections that are there are learnt ahead of a first table.
  package let isLearning: Bool

  package let note: ChangeNote
  /// Whether sessions go on that the wanted table would not let begin.
  package let keepsSessions: Bool
  /// By what the host is to accept it.
  package let signed: SignedIndex?

  package init(
    _ wanted: Table, seen: Seen?, isLearning: Bool = true,
    note: ChangeNote = ChangeNote(why: nil, meaning: ""), keepsSessions: Bool = false,
    signed: SignedIndex? = nil
  ) {
    self.signed = signed
    self.keepsSessions = keepsSessions
    self.note = note
    self.wanted = wanted
    self.seen = seen
    self.isLearning = isLearning
  }

  /// The header of the request; the wanted table stands behind it.
  package struct Header: Sendable, Codable {
    let seen: Seen?
    let isLearning: Bool
    let note: ChangeNote?
    let keepsSessions: Bool?
    let signed: SignedIndex?
  }

  package var header: Header {
    Header(
      seen: seen, isLearning: isLearning, note: note, keepsSessions: keepsSessions ? true : nil,
      signed: signed)
  }
  package var tables: [Table] { [wanted] }

  package init(_ header: Header, _ tables: [Table]) throws(AgentFailure) {
    seen = header.seen
    isLearning = header.isLearning
    keepsSessions = header.keepsSessions ?? false
    signed = header.signed
    note = header.note ?? ChangeNote(why: nil, meaning: "")
    wanted = try Self.only(tables)
  }

  package static func line(_ table: Table) throws(AgentFailure) -> [UInt8] { try TableLine.exact(table) }
}

/// What an apply did.
package struct Applied: AgentMessage, Hashable, Codable {
  /// Objects added, changed and deleted; 0: the host had what was wanted and nothing was sent.
  @BoundedCount package private(set) var operations: Int
  /// Generation after the transaction.
  package let generation: UInt32
  /// How often the ruleset moved between reading and writing.
  @BoundedCount package private(set) var retries: Int
  /// Set where the kernel could not be told of sessions that are older than the table: those that said nothing
  /// while it was made have to be opened again.
  package let forgetsSilentSessions: Bool?

  /// `nil`: nothing was to be done, or the kernel does not let itself be asked for sessions.
  package let cut: CutReport?

  package init(
    operations: Int, generation: UInt32, retries: Int, forgetsSilentSessions: Bool? = nil,
    cut: CutReport? = nil
  ) {
    self.cut = cut
    self.forgetsSilentSessions = forgetsSilentSessions
    self.operations = operations
    self.generation = generation
    self.retries = retries
  }
}
