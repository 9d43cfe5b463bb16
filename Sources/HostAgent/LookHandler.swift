internal import AgentProtocol
internal import Enforcement

extension AgentServer {
  mutating func answerLook(_ host: LocalHost) {
    handle(Look.self) { (request, _) throws(AgentFailure) in try host.look(request.wanted) }
  }
}
