/// One thing that is done to the disk, the kernel or the people of a host.
///
/// A step of the disk is done whole or not at all. One of the kernel may take several transactions; what lies between two of
/// them judges as what was before the step does, or as what is behind it, and one that the kernel refuses has been
/// taken back.
package enum Step: Hashable, Sendable {
  // The disk: each is durable before the next step begins.

  /// Stores a ruleset and what is known of it under its number.
  case writeRevision(Revision)
  case writeTrial(Trial)
  case removeTrial
  /// Makes a revision the one that boots.
  case writeConfirmed(RevisionNumber)
  case writeStop(HostState.Stop)
  case removeStop

  // The kernel.

  /// Loads a revision beside the rules in force, with nothing that leads there.
  case prepareTrial(RevisionNumber)
  /// Leads new connections to what was prepared, for a time that the kernel ends.
  case armTrial(seconds: Int)
  /// Lets the time begin anew.
  case extendTrial(seconds: Int)
  /// Takes away whatever there is of a trial; its rules are out of force with the same transaction.
  case removeTrialParts
  /// Makes the table this revision, without a trace of a trial.
  case enforce(RevisionNumber)
  /// Takes the table away.
  case removeTable

  // What follows.

  /// Starts a process that puts back what was confirmed when a stop is over.
  case startKeeper
  /// Lets the kernel know of sessions of this host that the confirmed rules let begin, where it has stopped to track them.
  case keepSessions
  /// Ends the sessions that the rules in force would not let begin.
  case cut
  case audit(AuditEvent)
  /// Says it to everybody who is logged in, and to the journal.
  case tell(Announcement)

  /// Whether the step changes the kernel's ruleset.
  package var isTransaction: Bool {
    switch self {
    case .prepareTrial, .armTrial, .extendTrial, .removeTrialParts, .enforce, .removeTable:
      true
    default: false
    }
  }
}

/// What people on a host are told without having asked.
package enum Announcement: Hashable, Sendable {
  case trialEnded(RevisionNumber, TrialEnd)
  /// A trial is over, and what was confirmed is not there any more: somebody has taken it away.
  case leftOpen(RevisionNumber)
  case confirmed(RevisionNumber)
  case stopped(until: Int64?)
  /// What was confirmed is in force again behind a stop.
  case resumed(RevisionNumber)
  /// What was confirmed could not be loaded at a boot, or behind a stop; why.
  case fallback(String)
}

/// Why a trial is over without having been confirmed.
package enum TrialEnd: String, Hashable, Sendable, Codable {
  /// Its time was over.
  case expired
  /// Somebody ended it.
  case rolledBack = "rolled-back"
  /// The host was started anew, or is in another network namespace.
  case rebooted
  /// It was in force, and nothing of it is left: somebody took the table away, or whoever ended it died before he said why.
  case gone
  /// It was never in force: what should have armed it died or failed.
  case neverArmed = "never-armed"
}

/// What the audit chain remembers.
package enum AuditEvent: Hashable, Sendable {
  case armed(RevisionNumber, seconds: Int)
  case extended(RevisionNumber, seconds: Int)
  case confirmed(RevisionNumber, by: Confirmation)
  case ended(RevisionNumber, TrialEnd)
  case booted(RevisionNumber?)
  case stopped(until: Int64?)
  /// A stop is over; what is in force again, if anything was put back.
  case resumed(RevisionNumber?, StopEnd)
  /// A boot, or the end of a stop, could not load what was confirmed; why.
  case fallback(String)
  /// Somebody else had changed the table, and it was made again what was confirmed; what had become of it.
  case restored(RevisionNumber, String)
  /// Somebody cut addresses off; until when, in seconds since 1970.
  case quarantined([String], until: Int64?)
  /// Somebody lets addresses take part again.
  case released([String])
  /// Somebody opened something for a time; until when, in seconds since 1970.
  case opened(String, until: Int64, ticket: String?)
  case closed(String, StopEnd)
  /// An index was taken that gives the host what it has.
  case accepted(RevisionNumber, Approved)
  /// Somebody ended sessions.
  case cut(sessions: Int, of: String)
}

/// By what a revision was confirmed.
package enum Confirmation: String, Hashable, Sendable, Codable {
  /// Somebody who had the token came over a new connection.
  case token
  /// Somebody who may change the host's rules said so, without the token.
  case hand
  /// No trial was asked for.
  case untried
  /// Found accepted by whoever came after a process that died.
  case recovery
}

extension Announcement: CustomStringConvertible {
  package var description: String {
    switch self {
    case .trialEnded(let number, .expired):
      "the trial of revision \(number) was not confirmed in time: the ruleset from before is in force"
    case .trialEnded(let number, .rolledBack):
      "the trial of revision \(number) was ended: the ruleset from before is in force"
    case .trialEnded(let number, .rebooted): "the trial of revision \(number) ended with a boot"
    case .trialEnded(let number, .gone):
      "the trial of revision \(number) is over: its rules are not there any more"
    case .trialEnded(let number, .neverArmed):
      "revision \(number) was never in force: what should have tried it died"
    case .leftOpen(let number):
      "the trial of revision \(number) is over, and the ruleset from before is gone: nothing is enforced (sekisho start puts it back)"
    case .confirmed(let number): "revision \(number) is confirmed"
    case .fallback(let reason):
      "the confirmed ruleset could not be loaded, only ssh is let in: \(reason)"
    case .resumed(let number): "the stop is over: revision \(number) is in force again"
    case .stopped(let until): until == nil ? "nothing is enforced any more" : "nothing is enforced for a time"
    }
  }
}
