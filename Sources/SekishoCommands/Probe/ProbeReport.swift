internal import ArgumentParser
internal import Diagnostics
internal import Operations
internal import Policy
internal import ProbePlan

/// What a probe has shown.
struct ProbeReport {
  let run: ProbeRun
  let policy: Policy
  /// Of the inventory.
  let digest: String
  let isLab: Bool
  let causes: [ProbeRun.Place: ProbeCause]
  let began: Timestamp
  let ended: Timestamp

  var answer: Answer {
    var parts: [Answer.Part] = []
    if run.plan.ends.count <= ProbeMatrix.widest { parts.append(.chapter(ProbeMatrix(run).chapter)) }
    let groups = ProbeGroups(run, words)
    parts += groups.deviating.map { .chapter($0) }
    parts += groups.unproven.map { .chapter($0) }
    for end in run.gone { parts.append(.failure("\(run.plan.ends[end.end].name): \(end.reason)")) }
    parts.append(.summary(summary))
    if let confidence { parts.append(.summary(confidence)) }
    parts += denied
    if !run.plan.untried.isEmpty {
      let names = run.plan.untried.map { policy[$0].name }
      parts.append(
        .remark(
          "flows that are not tried, because an end has no agent, or nothing answers what they allow: \(listed(names))"
        ))
    }
    if !run.plan.toGroups.isEmpty {
      let names = run.plan.toGroups.map { policy[$0].name }
      parts.append(.remark("groups (multicast) that nothing is sent to, of these flows: \(listed(names))"))
    }
    parts.append(.detail("seed \(run.plan.seed), inventory \(digest)"))
    return Answer(parts: parts, data: .document(ProbeJSON(self)), exitCode: run.exitCode)
  }

  var words: ProbeWords { ProbeWords(run, policy, causes) }

  /// How much was tried, and how it was.
  private var summary: String {
    let tally = run.tally
    let ends = Set(run.tried.flatMap { [run.plan.probes[$0].from, run.plan.probes[$0].to] })
    let networks = ends.count { run.plan.ends[$0].host == nil }
    var text =
      "\(counted(run.tried.count, "connection")) tried between \(counted(ends.count - networks, "host"))"
      + (networks == 0 ? "" : " and \(counted(networks, "network"))")
      + (run.tried.count == run.plan.population ? "" : " of \(run.plan.population)")
      + ": \(tally.open) open, \(tally.denied) denied"
    if tally.deviating == 0, tally.unproven == 0 { return text + ", all as the policy says" }
    if tally.deviating > 0 { text += ", \(tally.deviating) otherwise than the policy says" }
    if tally.unproven > 0 { text += ", \(tally.unproven) not proven" }
    return text
  }

  /// What those that chance chose say of all.
  private var confidence: String? {
    guard let confidence = run.confidence else {
      let unproven = run.unprovenByChance
      return run.plan.isWhole || unproven == 0
        ? nil : "no bound for all: \(unproven) of those that chance has chosen are not proven"
    }
    return
      "no deviation in \(confidence.samples) of them that chance has chosen: under \(Self.percent(confidence.share)) of "
      + "all \(run.plan.population) deviate, with 99 % confidence"
  }

  /// Whose denials were seen: what is stopped by one end was not tried at the next.
  private var denied: [Answer.Part] {
    let denials = run.denials
    let directions: [(Direction, who: String, way: String)] = [
      (.egress, "senders", "on the way out"), (.forward, "gateways", "on the way through"),
      (.ingress, "receivers", "on the way in"),
    ]
    func list(_ count: KeyPath<ProbeDenials.Count, Int>) -> String {
      let counts = directions.map { (denials.total($0.0)[keyPath: count], $0.who) }.filter { $0.0 > 0 }
      return counts.map { "\($0.0) by \($0.1)" }.joined(separator: ", ")
    }
    let (proven, unreached) = (list(\.proven), list(\.unreached))
    var parts: [Answer.Part] = []
    if !proven.isEmpty { parts.append(.summary("seen to be denied: \(proven)")) }
    if !unreached.isEmpty {
      parts.append(.summary("to be denied as well, where no packet came: \(unreached)"))
    }
    for (direction, _, way) in directions {
      let names = denials.unseen(direction).map { policy[$0].name }
      if names.isEmpty { continue }
      parts.append(
        .remark(
          "shown by no packet: what is denied \(way) at \(listed(names)); sekisho drift compares rulesets"))
    }
    return parts
  }

  /// Rounded up, so that no more is claimed than is shown.
  static func percent(_ share: Double) -> String {
    let parts = Int((share * 10_000).rounded(.up))
    let fraction = parts % 100
    if fraction == 0 { return "\(parts / 100) %" }
    let digits = fraction % 10 == 0 ? "\(fraction / 10)" : fraction < 10 ? "0\(fraction)" : "\(fraction)"
    return "\(parts / 100).\(digits) %"
  }

  // MARK: - Files

  /// What an outcome is kept under: in order of time.
  static func name(_ moment: Timestamp) -> String {
    "\(moment.description.replacing(":", with: "")).json"
  }
}

extension ProbeRun {
  /// How many connections came out how.
  struct Tally {
    var open = 0
    var denied = 0
    var deviating = 0
    var unproven = 0
  }

  var tally: Tally {
    var tally = Tally()
    for judgement in judgements {
      if !judgement.deviations.isEmpty {
        tally.deviating += 1
      } else if judgement.obstacle != nil {
        tally.unproven += 1
      } else if judgement.isOpen == true {
        tally.open += 1
      } else {
        tally.denied += 1
      }
    }
    return tally
  }

  var denials: ProbeDenials {
    var denials = ProbeDenials()
    for (judgement, explanation) in zip(judgements, explanations) { denials.add(judgement, explanation) }
    return denials
  }

  /// Indices of the plan's probes of which a packet was sent.
  var tried: [Int] { sent.indices.filter { sent[$0] > 0 } }

  /// `nil` where all there is was tried, something deviates, or one that chance has chosen is not proven: leaving that
  /// out would choose, and who cannot be asked may be who deviates.
  var confidence: ProbeConfidence? {
    if plan.isWhole || unprovenByChance > 0 || judgements.contains(where: { !$0.deviations.isEmpty }) {
      return nil
    }
    return ProbeConfidence(samples: plan.probes.count(where: \.isRandom))
  }

  fileprivate var unprovenByChance: Int {
    zip(plan.probes, judgements).count { $0.isRandom && $1.deviations.isEmpty && !$1.isProven }
  }

  var exitCode: ExitCode? {
    let tally = tally
    return tally.deviating > 0 ? .broken : tally.unproven > 0 ? .failed : nil
  }
}
