internal import AgentProtocol
internal import Attempts
internal import Probing

extension AgentServer {
  mutating func answerWitness(_ standing: StandingWitness) {
    handle(BearWitness.self) { (request, _) throws(AgentFailure) in
      let witness = Witness(request.request)
      standing.witness = witness
      return Witnessing(unheard: witness.unheard)
    }
  }

  mutating func answerSightings(_ standing: StandingWitness) {
    handle(Sightings.self) { (_, _) throws(AgentFailure) in
      guard let witness = standing.witness else {
        throw AgentFailure(.badRequest, "nothing was looked for")
      }
      let (sightings, isCutShort) = witness.take()
      return Sighted(
        sightings: sightings, isCutShort: isCutShort, unreached: Witness.unreached(sightings))
    }
  }
}

/// What sees packets between one request and the next.
final class StandingWitness {
  var witness: Witness?

  /// Looks until a descriptor can be read or the time is over.
  func look(until descriptor: Int32, by deadline: ContinuousClock.Instant) {
    witness?.serve(until: descriptor, within: deadline - .now)
  }
}
