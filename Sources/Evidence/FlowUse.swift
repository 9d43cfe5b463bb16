/// Of a flow, as hosts that were asked tell, in words.
package struct FlowUse: Hashable, Sendable {
  /// How long ago somebody used it last.
  package let last: String
  /// How many sessions go on.
  package let sessions: String

  package init(last: String, sessions: String) {
    (self.last, self.sessions) = (last, sessions)
  }
}
