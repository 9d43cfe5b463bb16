internal import AgentProtocol

extension AgentServer {
  mutating func answerListRecords(_ here: HostHere) {
    handle(ListRecords.self) { (_, _) throws(AgentFailure) in try here.records() }
  }
}
