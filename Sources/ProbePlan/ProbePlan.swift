internal import Addressing
package import Policy

/// The connections that are tried, and what of all there are they stand for.
package struct ProbePlan: Sendable {
  package let ends: [ProbeEnd]
  /// Each connection once; by sender, then in an order of chance, so that no receiver gets a burst.
  package let probes: [PlannedProbe]
  /// How many connections of the ends are worth trying; see ``isWhole``.
  package let population: Int
  package let seed: UInt64
  /// Flows of ends that are asked about of which nothing is tried: their other end is none of the ends, or they allow
  /// only messages of ICMP that begin nothing.
  package let untried: [FlowID]
  /// Flows of such ends that go to groups as well, where nothing is sent.
  package let toGroups: [FlowID]

  /// Whether everything that is worth trying is tried.
  package var isWhole: Bool { probes.count == population }

  /// How much is tried.
  package struct Budget: Hashable, Sendable {
    /// A matrix up to this size is tried as a whole.
    package var whole: Int
    /// Connections that chance chooses where it is larger.
    package var samples: Int

    package init(whole: Int = 20_000, samples: Int = 4603) {
      self.whole = whole
      self.samples = samples
    }
  }

  /// - Parameters:
  ///   - policy: what is to be proven.
  ///   - ends: hosts of the policy, and places of networks; sorted by name.
  ///   - selected: indices of the ends that are asked about: of each connection one end is among them.
  ///   - budget: how much is tried.
  ///   - seed: of chance.
  ///   - now: the moment at which flows with an end are judged.
  package init(
    _ policy: Policy, ends: [ProbeEnd], selected: Set<Int>, budget: Budget = Budget(), seed: UInt64,
    now: Timestamp
  ) {
    self.ends = ends
    self.seed = seed
    let kinds = ProbeKinds(policy)
    var choice = ProbeChoice(policy, ends, selected, kinds, seed)
    if choice.population <= budget.whole {
      choice.chooseAll()
    } else {
      choice.chooseEveryEnd()
      choice.chooseFlows(at: now)
      choice.chooseRandomly(budget.samples)
    }
    let chosen = choice.ordered()
    var answers = ProbeAnswers(policy, now)
    probes = chosen.filter { !answers.contains($0.connection) }
    population = choice.population - (chosen.count - probes.count)
    let flows = policy.flows.indices.map { FlowID($0) }.filter { !policy[$0].hasEnded(now) }
    untried = flows.filter { choice.isMissed(policy[$0]) }
    toGroups = flows.filter { choice.goesToGroups(policy[$0]) }
  }

  /// A plan of given connections, each between two ends of the list.
  package init(_ probes: [PlannedProbe], ends: [ProbeEnd]) {
    self.ends = ends
    self.probes = probes
    population = probes.count
    seed = 0
    untried = []
    toGroups = []
  }
}
