package import AgentProtocol

/// The agent of the network namespace this process is in, asked without a stream.
///
/// It works while it is asked, on the thread that asks.
package struct AgentHere: Agent {
  private let here: HostHere
  private let version: String

  /// - Parameter version: of the tool.
  package init(_ here: HostHere, version: String) {
    self.here = here
    self.version = version
  }

  package func ask<Request: AgentRequest>(
    _ request: Request, within limit: Duration?,
    follow: @escaping @Sendable (Request.Event) throws -> Void
  ) async throws -> Request.Reply { try answer(request, follow: follow) }

  /// - Throws: ``AgentProtocol/AgentFailure``.
  package func answer<Request: AgentRequest>(
    _ request: Request, follow: @escaping (Request.Event) throws -> Void = { _ in }
  ) throws(AgentFailure) -> Request.Reply {
    try AgentServer(here, version: version).answer(request) { (event) throws(AgentFailure) in
      do {
        try follow(event)
      } catch {
        throw error as? AgentFailure ?? AgentFailure(.failed, "\(error)")
      }
    }
  }
}
