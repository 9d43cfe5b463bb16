/// What became of sessions that were to end, such as those that the rules in force would not let begin.
package struct CutReport: Hashable, Sendable, Codable {
  /// Sessions of one flow.
  package struct Flow: Hashable, Sendable, Codable {
    /// Empty: of none that is known.
    @BoundedWord private var name: String
    @BoundedCount package private(set) var sessions: Int

    /// That let them begin, by the rules from before; `nil`: none of these is known to have.
    package var flow: String? { name.isEmpty ? nil : name }

    package init(flow: String?, sessions: Int) {
      name = flow ?? ""
      self.sessions = sessions
    }
  }

  /// Whether they were to end; else they are only counted.
  package let isDone: Bool
  /// By flow, the most first; of the ``mostFlows`` flows with the most.
  @BoundedList package private(set) var flows: [Flow]
  /// All that have ended, or were counted.
  @BoundedCount package private(set) var sessions: Int
  /// Sessions of which the rules do not say for certain, and entries that could not be read; they go on.
  @BoundedCount package private(set) var uncertain: Int
  /// Sessions that go on although they were to end, or were only counted.
  @BoundedCount package private(set) var left: Int
  /// Why it is not known that all have ended that were to; empty: nothing failed.
  @BoundedWord private var reason: String

  /// Whether all that were to end have ended.
  package var isComplete: Bool { isDone && left == 0 && failure == nil }

  package var failure: String? { reason.isEmpty ? nil : reason }

  package init(
    isDone: Bool, flows: [Flow], sessions: Int, uncertain: Int, left: Int, failure: String? = nil
  ) {
    self.isDone = isDone
    self.flows = flows
    self.sessions = sessions
    self.uncertain = uncertain
    self.left = left
    reason = failure ?? ""
  }

  /// The most flows that are told.
  package static let mostFlows = 100
}
