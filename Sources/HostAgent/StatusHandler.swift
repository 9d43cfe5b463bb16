internal import AgentProtocol
internal import Enforcement
internal import HostLife

extension AgentServer {
  mutating func answerStatus(_ host: LocalHost) {
    handle(Status.self) { (_, _) throws(AgentFailure) in try host.status { $0.isFallback } }
  }
}
