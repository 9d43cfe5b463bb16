internal import AgentProtocol
internal import Enforcement

extension AgentServer {
  mutating func answerListRecords(_ host: LocalHost) {
    handle(ListRecords.self) { (_, _) throws(AgentFailure) in try host.records() }
  }
}
