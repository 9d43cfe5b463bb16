/// What became of the sessions that the rules in force would not let begin.
package struct CutReport: Hashable, Sendable, Codable {
  /// Sessions of one flow.
  package struct Flow: Hashable, Sendable, Codable {
    /// That let them begin, by the rules from before; `nil`: none of these is known to have.
    package let flow: String?
    @BoundedCount package private(set) var sessions: Int

    package init(flow: String?, sessions: Int) {
      self.flow = flow
      self.sessions = sessions
    }
  }

  /// Whether they were ended; else they are only counted.
  package let isDone: Bool
  /// By flow, the most first; of the 100 flows with the most.
  package let flows: [Flow]
  /// All that were ended, or counted.
  @BoundedCount package private(set) var sessions: Int
  /// Sessions of which the rules do not say for certain; they go on.
  @BoundedCount package private(set) var uncertain: Int
  /// Whether some were still found when as many sweeps had been made as are made.
  package let isUnfinished: Bool

  package init(isDone: Bool, flows: [Flow], sessions: Int, uncertain: Int, isUnfinished: Bool) {
    self.isDone = isDone
    self.flows = flows
    self.sessions = sessions
    self.uncertain = uncertain
    self.isUnfinished = isUnfinished
  }
}
