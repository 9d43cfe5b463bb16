internal import AgentProtocol
internal import Enforcement

extension AgentServer {
  mutating func answerList(_ host: LocalHost) {
    handle(List.self) { (_, _) throws(AgentFailure) in Listed(text: try host.list()) }
  }
}
