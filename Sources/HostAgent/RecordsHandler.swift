internal import AgentProtocol

extension AgentServer {
  mutating func answerListRecords(_ here: HostHere) {
    handle(ListRecords.self) { (_, _) throws(AgentFailure) in
      here.endStopThatIsOver()
      return try here.records()
    }
  }
}
