internal import AgentProtocol
internal import HostLife

extension AgentServer {
  mutating func answerQuarantine(_ here: HostHere) {
    handle(QuarantineHosts.self) { (request, _) throws(AgentFailure) in
      if let seconds = request.seconds, !QuarantineHosts.possibleSeconds.contains(seconds) {
        throw AgentFailure(.badRequest, "nobody can be cut off for \(seconds) s")
      }
      guard !request.peers.isEmpty, !request.why.isEmpty else {
        throw AgentFailure(.badRequest, "who is cut off, and why, is not said")
      }
      return try here.life().quarantine(request)
    }
  }

  mutating func answerRelease(_ here: HostHere) {
    handle(ReleaseHosts.self) { (request, _) throws(AgentFailure) in try here.life().release(request) }
  }

  mutating func answerOpen(_ here: HostHere) {
    handle(OpenDoors.self) { (request, _) throws(AgentFailure) in
      guard OpenDoors.possibleSeconds.contains(request.seconds) else {
        throw AgentFailure(.badRequest, "nothing can be open for \(request.seconds) s")
      }
      guard !request.doors.isEmpty, !request.why.isEmpty else {
        throw AgentFailure(.badRequest, "what is opened, and why, is not said")
      }
      return try here.life().open(request)
    }
  }

  mutating func answerClose(_ here: HostHere) {
    handle(CloseDoors.self) { (request, _) throws(AgentFailure) in try here.life().close(request) }
  }
}
