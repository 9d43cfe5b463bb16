internal import AgentProtocol
internal import Enforcement
internal import HostLife

extension AgentServer {
  mutating func answerApply(_ here: HostHere) {
    handle(Apply.self) { (request, conversation) throws(AgentFailure) in
      let reason = HostLife.Reason(why: request.note.why, meaning: request.note.meaning)
      return try here.life().adopt(
        request.wanted, seen: request.seen, isLearning: request.isLearning,
        keepsSessions: request.keepsSessions, signed: request.signed, reason
      ) { (step) throws(AgentFailure) in try conversation.tell(Apply.Event(step)) }
    }
  }
}
