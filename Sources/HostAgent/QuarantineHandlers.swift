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
}
