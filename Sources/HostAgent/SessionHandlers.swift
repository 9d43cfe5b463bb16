internal import AgentProtocol
internal import Enforcement

extension AgentServer {
  mutating func answerListSessions(_ host: LocalHost) {
    handle(ListSessions.self) { (_, _) throws(AgentFailure) in try host.sessions() }
  }

  mutating func answerEndSessions(_ host: LocalHost) {
    handle(EndSessions.self) { (request, _) throws(AgentFailure) in try host.end(request) }
  }
}
