internal import AgentProtocol
internal import Attempts
package import Explanation
package import Policy
package import ProbePlan

/// A plan that was carried out: real packets between the ends, and what they have shown.
package struct ProbeRun: Sendable {
  package let plan: ProbePlan
  /// What the policy says of each of the plan's probes.
  package let explanations: [PathExplanation]
  package let judgements: [ProbeJudgement]
  /// How many packets were sent for each of the plan's probes, at most, as far as their senders have told.
  package let sent: [UInt64]
  /// Ends that took no part, and why.
  package let gone: [(end: Int, reason: String)]

  /// - Parameters:
  ///   - plan: whose ends are the stations'.
  ///   - policy: what the packets are held against.
  ///   - stations: the ends and the ways to them.
  ///   - now: the moment at which flows with an end are judged.
  ///   - rate: how many attempts a host begins in a second at most.
  ///   - width: how many agents are asked at the same time; `nil`: as many as this machine should bear.
  ///   - watch: hears of the hosts that are asked.
  package init(
    _ plan: ProbePlan, of policy: Policy, through stations: ProbeStations, now: Timestamp, rate: Int,
    width: Int? = nil, watch: (any HostWatch)? = nil
  ) async {
    var explainer = PathExplainer(policy, HostPolicies(policy))
    let explanations = plan.probes.map { explainer.explain($0.connection, now: now) }
    let endOf = Dictionary(
      plan.ends.indices.compactMap { index in plan.ends[index].host.map { ($0, index) } },
      uniquingKeysWith: { first, _ in first })
    var judgements: [Int: ProbeJudgement] = [:]
    var sent: [Int: UInt64] = [:]
    var gone: [Int: String] = [:]
    let width = width ?? ProbeRound.width
    for round in ProbeRound.dividing(plan, explanations, width: width, endOf: { endOf[$0] }) {
      let ledger = ProbeLedger(round, of: plan, explanations, endOf: endOf)
      let conductor = ProbeConductor(round, of: plan, ledger)
      await Self.carryOut(
        round, ledger.witnessing, conductor, stations, rate: rate, known: gone, watch: watch)
      judgements.merge(await conductor.judgements) { $1 }
      sent.merge(await conductor.sent) { $1 }
      gone.merge(await conductor.gone) { $1 }
    }
    self.plan = plan
    self.explanations = explanations
    // Every probe is in a round, and every round judges all of its own.
    self.judgements = plan.probes.indices.compactMap { judgements[$0] }
    self.sent = plan.probes.indices.map { sent[$0] ?? 0 }
    self.gone = gone.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// - Parameter known: ends that have failed in an earlier round, which are not waited for again.
  private static func carryOut(
    _ round: ProbeRound, _ witnessing: WitnessRequest, _ conductor: ProbeConductor,
    _ stations: ProbeStations, rate: Int, known: [Int: String], watch: (any HostWatch)?
  ) async {
    let members = round.stations.sorted()
    await watch?.begins(members.map { stations.ends[$0].name })
    await withTaskGroup(of: Void.self) { group in
      for station in members {
        group.addTask {
          defer { watch?.has(stations.ends[station].name) }
          do {
            if let reason = known[station] { throw Missing(reason: reason) }
            try await takePart(station, witnessing, conductor, stations, rate: rate)
          } catch {
            await conductor.leaves(station, error)
          }
        }
      }
    }
    await watch?.ends()
  }

  private static func takePart(
    _ station: Int, _ witnessing: WitnessRequest, _ conductor: ProbeConductor, _ stations: ProbeStations,
    rate: Int
  ) async throws {
    let answerTime = stations.patience(of: station)
    try await stations.ask(station, [BearWitness.self, Probe.self, Sightings.self]) { agent in
      let unheard = try await agent.ask(BearWitness(witnessing)).unheard
      var step = await conductor.next(station, .sees(unheard))
      while true {
        switch step {
        case .end: return
        case .tell:
          step = await conductor.next(station, .saw(try await agent.ask(Sightings())))
        case .send(let attempts, let patience):
          // As long as the rate and the silences ask for.
          let time =
            Duration.seconds(attempts.count / max(1, rate) + 1)
            + .milliseconds(patience) * (attempts.count / 200 + 2)
          let outcomes = try await agent.ask(
            Probe(attempts, patience: patience, rate: rate), within: answerTime + time
          ).outcomes
          guard outcomes.count == attempts.count else {
            throw AgentFailure(.unreachable, "the agent tried other connections than it was asked to")
          }
          step = await conductor.next(station, .has(outcomes))
        }
      }
    }
  }

  /// An end has failed before.
  private struct Missing: Error, CustomStringConvertible {
    let reason: String
    var description: String { reason }
  }
}
