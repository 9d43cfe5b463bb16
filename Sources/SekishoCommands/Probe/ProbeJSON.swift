internal import AgentProtocol
internal import Explanation
internal import Operations
internal import Policy
internal import ProbePlan

/// What a probe has shown, for programs and to be kept.
struct ProbeJSON: Codable {
  struct Connection: Codable {
    let fromHost: String
    let toHost: String
    let from: String
    let to: String
    let `protocol`: String
    /// Port or type; of what has neither nothing.
    let port: Int?
    /// `open` or `closed`, by the packets; `unproven`: nothing is known.
    let outcome: String
    /// `allowed` or `denied`, by the policy; what is only observed is allowed to pass.
    let verdict: String
    let agrees: Bool
    /// Why nothing is known.
    let reason: String?
    let deviations: [Deviation]
  }

  struct Deviation: Codable {
    /// `lets`, `stops`, `leads`, `bypasses`, `loses` or `holds-answer`.
    let kind: String
    /// Who does it; nothing where it is between the hosts.
    let host: String?
    let direction: String?
    let sentence: String
    let cause: Cause?
  }

  struct Cause: Codable {
    let chain: String?
    let rule: Int?
    let text: String?
    let sentence: String
    /// Whom a tripwire of the host has cut off, where that is why.
    let tripped: [TripStatus]?
  }

  struct Confidence: Codable {
    let samples: Int
    let shareBelow: Double
    let confidence: Double
  }

  /// What a host has to deny in a direction, of what was tried.
  struct Denials: Codable {
    let host: String
    let direction: String
    /// It was seen to stop them.
    let proven: Int
    /// They did not come there: what was ahead of it had stopped them.
    let notReached: Int
    /// It is not known how far they came.
    let notProven: Int
  }

  struct Missing: Codable {
    let host: String
    let reason: String
  }

  let began: String
  let ended: String
  let seed: UInt64
  /// SHA-256 of the inventory's files.
  let inventory: String
  let tried: Int
  /// All connections that are worth trying.
  let population: Int
  let open: Int
  let denied: Int
  let deviating: Int
  let unproven: Int
  let confidence: Confidence?
  /// Only what is otherwise than the policy says, or not proven.
  let connections: [Connection]
  /// By host and direction: one that is stopped by the sender says nothing of what the receiver would do.
  let denials: [Denials]
  let missingHosts: [Missing]
  let untriedFlows: [String]
  let untriedGroups: [String]?
  /// What hosts may have recorded of it, in what is kept.
  var trace: ProbeTrace?

  init(_ report: ProbeReport) {
    let run = report.run
    let tally = run.tally
    began = report.began.description
    ended = report.ended.description
    seed = run.plan.seed
    inventory = report.digest
    tried = run.tried.count
    population = run.plan.population
    open = tally.open
    denied = tally.denied
    deviating = tally.deviating
    unproven = tally.unproven
    confidence = run.confidence.map {
      Confidence(samples: $0.samples, shareBelow: $0.share, confidence: ProbeConfidence.level)
    }
    let words = report.words
    connections = run.judgements.indices.filter { !run.judgements[$0].isProven }.map {
      Connection($0, run, words, report.policy)
    }
    denials = run.denials.counts.map { end, count in
      Denials(
        host: report.policy[end.host].name, direction: end.direction.rawValue, proven: count.proven,
        notReached: count.unreached, notProven: count.unproven)
    }.sorted { ($0.host, $0.direction) < ($1.host, $1.direction) }
    missingHosts = run.gone.map { Missing(host: run.plan.ends[$0.end].name, reason: $0.reason) }
    untriedFlows = run.plan.untried.map { report.policy[$0].name }
    let groups = run.plan.toGroups.map { report.policy[$0].name }
    untriedGroups = groups.isEmpty ? nil : groups
  }
}

extension ProbeJSON.Connection {
  init(_ index: Int, _ run: ProbeRun, _ words: ProbeWords, _ policy: Policy) {
    let probe = run.plan.probes[index]
    let judgement = run.judgements[index]
    let explanation = run.explanations[index]
    let number: Int? =
      switch probe.connection.kind {
      case .ports(_, let port): Int(port)
      case .type(let type): Int(type)
      case .plain: nil
      }
    self.init(
      fromHost: words.name(probe.from), toHost: words.name(probe.to),
      from: "\(probe.connection.source)", to: "\(probe.connection.destination)",
      protocol: "\(probe.connection.ipProtocol)", port: number,
      outcome: judgement.isOpen.map { $0 ? "open" : "closed" } ?? "unproven",
      verdict: explanation.passes || explanation.isUnmanaged ? "allowed" : "denied",
      agrees: judgement.isProven, reason: judgement.deviations.isEmpty ? judgement.obstacle : nil,
      deviations: judgement.deviations.indices.map { number in
        let deviation = judgement.deviations[number]
        let place = ProbeRun.Place(probe: index, deviation: number)
        return ProbeJSON.Deviation(
          kind: deviation.kind.word, host: deviation.host.map { policy[$0].name },
          direction: deviation.direction?.rawValue, sentence: words.sentence(place),
          cause: words.cause(place).map {
            ProbeJSON.Cause(
              chain: $0.chain, rule: $0.rule, text: $0.text, sentence: $0.sentence, tripped: $0.tripped)
          })
      })
  }
}

extension ProbeDeviation.Kind {
  fileprivate var word: String {
    switch self {
    case .lets: "lets"
    case .stops: "stops"
    case .leads: "leads"
    case .bypasses: "bypasses"
    case .loses: "loses"
    case .holdsAnswer: "holds-answer"
    }
  }
}
