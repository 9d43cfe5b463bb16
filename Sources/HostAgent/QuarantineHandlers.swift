internal import Addressing
internal import AgentProtocol
internal import Enforcement
internal import HostLife
internal import Machine

extension AgentServer {
  mutating func answerQuarantine(_ here: HostHere) {
    handle(QuarantineHosts.self) { (request, _) throws(AgentFailure) in
      if let seconds = request.seconds, !QuarantineHosts.possibleSeconds.contains(seconds) {
        throw AgentFailure(.badRequest, "nobody can be cut off for \(seconds) s")
      }
      guard !request.peers.isEmpty, !request.why.isEmpty else {
        throw AgentFailure(.badRequest, "who is cut off, and why, is not said")
      }
      if let obstacle = request.peers.lazy.compactMap({ QuarantineHosts.obstacle(to: $0.address) }).first {
        throw AgentFailure(.badRequest, obstacle)
      }
      let own: [Address]
      do throws(SystemFailure) { own = try Interfaces.addresses() } catch { throw AgentFailure(error) }
      if let mine = request.peers.first(where: { own.contains($0.address) }) {
        throw AgentFailure(
          .refused, "\(mine.address) is this host's own address: it would cut itself off from all others",
          remedy: "leave this host out (--host)")
      }
      return try here.life().quarantine(request)
    }
  }

  mutating func answerRelease(_ here: HostHere) {
    handle(ReleaseHosts.self) { (request, _) throws(AgentFailure) in try here.life().release(request) }
  }

  mutating func answerReleaseTripped(_ here: HostHere) {
    handle(ReleaseTripped.self) { (request, _) throws(AgentFailure) in
      guard !request.peers.isEmpty, !request.why.isEmpty else {
        throw AgentFailure(.badRequest, "who is let go, and why, is not said")
      }
      return try here.life().release(request)
    }
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
