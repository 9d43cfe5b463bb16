internal import AgentProtocol
internal import Enforcement

extension AgentServer {
  mutating func answerApply(_ host: LocalHost) {
    handle(Apply.self) { (request, conversation) throws(AgentFailure) in
      try host.apply(request) { (step) throws(AgentFailure) in try conversation.tell(Apply.Event(step)) }
    }
  }
}
