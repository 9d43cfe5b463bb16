package import Addressing
package import Attempts
package import Policy

/// What was seen of one attempt.
package struct ProbeEvidence: Hashable, Sendable {
  /// What its sender saw.
  package var outcome: AttemptOutcome
  /// Whether it left its sender by a link.
  package var hasLeft = false
  /// The hosts on its way that it came to by a link, and those that it left again.
  package var came: Set<HostID> = []
  package var went: Set<HostID> = []
  /// Whether it came to the receiver by a link.
  package var hasArrived = false
  /// Whether it came past the receiver's rules.
  package var isDelivered = false
  /// Whether an answer left the receiver, and came back to the sender.
  package var hasAnswerLeft = false
  package var hasAnswerArrived = false
  /// Hosts on the way that an answer came to, and those that it left again.
  package var answerCame: Set<HostID> = []
  package var answerWent: Set<HostID> = []
  /// Where it became a packet to somebody else.
  package var led: Led?
  /// Index of the end where it became a packet of somebody else, whose stop nobody can tell from it.
  package var disguise: Int?
  /// Why what the sender, or the receiver, says is worth nothing; `nil`: its witness has seen what had to be seen.
  package var senderFault: String?
  package var receiverFault: String?
  /// The same of hosts on the way.
  package var wayFaults: Set<HostID> = []
  /// Hosts on the way that know no way on: no route, or a neighbour that does not answer.
  package var wayless: Set<HostID> = []
  /// Indices of ends, the receiver or on the way, that know no way back for the answer.
  package var answerWayless: Set<Int> = []

  package init(_ outcome: AttemptOutcome) { self.outcome = outcome }

  /// What an attempt became on a host.
  package struct Led: Hashable, Sendable {
    /// Index of the end where it did.
    package let end: Int
    package let destination: Address
    package let aim: Attempt.Aim

    package init(end: Int, destination: Address, aim: Attempt.Aim) {
      self.end = end
      self.destination = destination
      self.aim = aim
    }
  }
}
