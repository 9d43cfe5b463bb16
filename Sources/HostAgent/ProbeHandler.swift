internal import AgentProtocol
internal import Attempts
internal import Probing

extension AgentServer {
  mutating func answerProbe() {
    handle(Probe.self) { (request, _) throws(AgentFailure) in
      Probed(outcomes: Prober().run(request.attempts))
    }
  }
}
