internal import AgentProtocol
internal import Enforcement

extension AgentServer {
  mutating func answerListUsage(_ here: HostHere) {
    handle(ListUsage.self) { (request, _) throws(AgentFailure) in
      here.endStopThatIsOver()
      var list = try here.usage()
      // That they cannot be counted keeps nobody from the rest.
      if request.countsSessions { list.live = (try? here.host.liveSessions()) ?? nil }
      return list
    }
  }
}
