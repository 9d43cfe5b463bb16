internal import AgentProtocol
internal import Enforcement

extension AgentServer {
  mutating func answerRead(_ host: LocalHost) {
    handle(Read.self) { (_, _) throws(AgentFailure) in try host.read() }
  }
}
