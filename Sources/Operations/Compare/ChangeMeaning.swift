package import ConnectionDiff
package import Diagnostics
package import Lint

/// What a change means for connections.
package struct ChangeMeaning {
  package let diff: ConnectionDiff
  /// The sources, for places that a user can open.
  package let old: Sources
  package let new: Sources
  /// How many hosts of the inventory nobody has asked.
  package var takenForGranted = 0
  /// How many hosts have no table yet: what closes there is everything but what is told of them.
  package var unfiltered = 0
  /// How far an intruder gets, before and after; `nil` where only one side is a policy.
  package var reach: ReachChange?
  /// What running hosts have counted of flows of which something closes, by their names.
  package var closing: [String: ClosingFlow] = [:]
  /// What lint finds that the change brings; `nil`: not known.
  package var findings: [Finding]?

  /// Whether there is nothing to tell. Where no ruleset is another there may still be: an address changes hands, a
  /// host becomes a crown jewel, a flow loses its owner.
  package var isEmpty: Bool {
    diff.isEmpty && reach?.isEmpty != false && (findings ?? []).isEmpty
  }
}

/// What hosts have counted of a flow of which something closes.
package struct ClosingFlow: Sendable {
  package let usage: FlowUsage
  /// The host on which most sessions of it would not be let begin any more, and how many there are; `nil`: none is.
  package let sessions: (host: String, count: Int)?
}
