internal import AgentProtocol
internal import Enforcement
internal import HostLife

extension AgentServer {
  mutating func answerListSessions(_ here: HostHere) {
    handle(ListSessions.self) { (_, _) throws(AgentFailure) in
      here.endStopThatIsOver()
      return try here.host.sessions()
    }
  }

  mutating func answerListPeers(_ host: LocalHost) {
    handle(ListPeers.self) { (_, _) throws(AgentFailure) in try host.peers() }
  }

  mutating func answerEndSessions(_ here: HostHere) {
    handle(EndSessions.self) { (request, _) throws(AgentFailure) in try here.life().end(request) }
  }
}
