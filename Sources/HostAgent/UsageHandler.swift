internal import AgentProtocol
internal import Enforcement

extension AgentServer {
  mutating func answerListUsage(_ here: HostHere) {
    handle(ListUsage.self) { (request, _) throws(AgentFailure) in
      var list = try here.usage()
      if request.countsSessions { list.live = try here.host.liveSessions() }
      return list
    }
  }
}
