internal import AgentProtocol
internal import HostLife

extension AgentServer {
  mutating func answerStop(_ here: HostHere) {
    handle(StopHost.self) { (request, _) throws(AgentFailure) in
      if let seconds = request.seconds, !StopHost.possibleSeconds.contains(seconds) {
        throw AgentFailure(.badRequest, "a stop cannot last \(seconds) s")
      }
      return try here.life().stop(seconds: request.seconds, why: request.why)
    }
  }

  mutating func answerStart(_ here: HostHere) {
    handle(StartHost.self) { (request, _) throws(AgentFailure) in try here.life().start(request) }
  }
}
