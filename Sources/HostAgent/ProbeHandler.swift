internal import AgentProtocol
internal import Attempts
internal import Probing

extension AgentServer {
  mutating func answerProbe(_ standing: StandingWitness) {
    handle(Probe.self) { (request, _) throws(AgentFailure) in
      let prober = Prober(timeout: .milliseconds(request.patience), rate: request.rate)
      return Probed(outcomes: prober.run(request.attempts, beside: standing.witness))
    }
  }
}
