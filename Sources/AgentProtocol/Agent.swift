/// Somebody who answers requests about one host, wherever it is.
package protocol Agent: Sendable {
  /// Asks and waits for the answer.
  ///
  /// - Parameters:
  ///   - limit: how long the agent may take, from event to event; `nil`: as long as whoever reached it has set.
  ///   - follow: gets every event ahead of the answer; the agent goes on when it returns.
  /// - Throws: ``AgentFailure``, or what `follow` threw.
  func ask<Request: AgentRequest>(
    _ request: Request, within limit: Duration?,
    follow: @escaping @Sendable (Request.Event) throws -> Void
  ) async throws -> Request.Reply
}

extension Agent {
  package func ask<Request: AgentRequest>(
    _ request: Request, within limit: Duration? = nil
  ) async throws -> Request.Reply {
    try await ask(request, within: limit, follow: { _ in })
  }
}
