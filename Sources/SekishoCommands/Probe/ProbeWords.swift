internal import Addressing
internal import AgentProtocol
internal import ConnectionSpace
internal import Diagnostics
internal import Nftables
internal import Operations
internal import Policy
internal import ProbePlan
internal import RulesetSpace

/// What a probe has shown, in words.
struct ProbeWords {
  private let run: ProbeRun
  private let policy: Policy
  private let causes: [ProbeRun.Place: ProbeCause]
  /// The names of ends by their addresses.
  private let owners: [Address: String]

  init(_ run: ProbeRun, _ policy: Policy, _ causes: [ProbeRun.Place: ProbeCause]) {
    self.run = run
    self.policy = policy
    self.causes = causes
    owners = Dictionary(
      run.plan.ends.flatMap { end in end.addresses.map { ($0, end.name) } },
      uniquingKeysWith: { first, _ in first })
  }

  func name(_ end: Int) -> String { run.plan.ends[end].name }

  /// `web-1 → db-1  10.0.0.1 → 10.0.0.2 tcp/5432`.
  func describe(_ index: Int) -> String {
    let probe = run.plan.probes[index]
    return "\(name(probe.from)) → \(name(probe.to))  \(ExplanationReport.describe(probe.connection))"
  }

  /// What a host does that it must not, without the connection.
  func sentence(_ place: ProbeRun.Place) -> String {
    let deviation = run.judgements[place.probe].deviations[place.deviation]
    let probe = run.plan.probes[place.probe]
    let host = deviation.host.map { policy[$0].name } ?? ""
    let way =
      switch deviation.direction {
      case .ingress: "in"
      case .egress: "out"
      case .forward, nil: "through"
      }
    switch deviation.kind {
    case .lets: return "\(host) lets \(way) what the policy denies"
    case .stops: return "\(host) does not let \(way) what the policy allows"
    case .leads(let address, let aim):
      return "\(host.isEmpty ? "a network" : host) leads elsewhere what is sent: to \(address) \(aim)"
    case .bypasses: return "not past \(host), which is to judge it"
    case .loses:
      return "allowed, and lost between \(name(probe.from)) and \(name(probe.to))"
    case .holdsAnswer:
      return host.isEmpty
        ? "the answer is lost between \(name(probe.to)) and \(name(probe.from))"
        : "\(host) does not let the answer \(way)"
    }
  }

  /// The rule, or the end of a chain, by which the host does it; `nil`: its rulesets could not be read, or have no part in it.
  func cause(_ place: ProbeRun.Place) -> ProbeCauseWords? {
    let deviation = run.judgements[place.probe].deviations[place.deviation]
    switch deviation.kind {
    case .bypasses, .loses: return nil
    case .lets, .stops, .leads, .holdsAnswer: break
    }
    return causes[place].map { ProbeCauseWords($0, of: deviation.kind, owners) }
  }
}

/// What decides on a host.
struct ProbeCauseWords: Hashable {
  /// `ip filter INPUT`; `nil`: no rule of the host explains what it does.
  var chain: String?
  /// From 1; `nil`: the end of the chain.
  var rule: Int?
  /// In nft's words.
  var text: String?
  var sentence: String
  /// Whom a tripwire has cut off, where that is why.
  var tripped: [TripStatus]?

  /// - Parameter owners: the names of ends by their addresses.
  init(_ cause: ProbeCause, of kind: ProbeDeviation.Kind, _ owners: [Address: String]) {
    let texts = RuleTexts(cause.tables)
    let decisions = cause.trace.steps.flatMap { step in step.decisions.map { (step, $0) } }
    func isWanted(_ decision: ConnectionTrace.Decision) -> Bool {
      switch kind {
      case .lets: decision.verdict == "accept" && decision.rule.table == Self.own
      case .leads: decision.target != nil
      default: ["drop", "queue", "disguise", "hand", "unknown"].contains(decision.verdict)
      }
    }
    if let (step, decision) = decisions.last(where: { isWanted($0.1) }) {
      chain = "\(step.table) \(decision.rule.chain)"
      rule = decision.rule.index + 1
      text = texts.text(decision.rule)
      sentence =
        "by \(step.hook), \(step.table) \(decision.rule.chain) rule \(decision.rule.index + 1): \(text ?? "")"
      let cut = cause.cut(by: decision.rule)
      if !cut.isEmpty {
        tripped = cut
        sentence += "; it \(cut.map { $0.words(owners) }.joined(separator: ", and "))"
      }
      return
    }
    let ending = cause.trace.steps.last { step in
      guard let policy = step.policy, step.decisions.allSatisfy({ !$0.isSure }) else { return false }
      return kind == .lets ? step.table == Self.own && policy == .accept : policy == .drop
    }
    if let ending {
      chain = "\(ending.table) \(ending.chain)"
      sentence = "by \(ending.hook), the policy of \(ending.table) \(ending.chain)"
    } else if kind == .lets, !cause.trace.steps.contains(where: { $0.table == Self.own }) {
      sentence = "it has no chain of table \(Self.own) there"
    } else {
      let stops =
        switch kind {
        case .stops, .holdsAnswer: true
        case .lets, .leads, .bypasses, .loses: false
        }
      let others = stops ? cause.tables.filter(\.isNotFollowed).map(\.title) : []
      sentence =
        others.isEmpty
        ? "no rule that it has by now says so"
        : "no rule that is followed says so; what is not followed, and may: \(listed(others))"
    }
  }

  private static let own = "inet sekisho"
}

extension Table {
  /// Whether it may stop a packet, or its answer, by what is not followed from hook to hook: on a device or a bridge, or by keeping
  /// connection tracking from it.
  fileprivate var isNotFollowed: Bool {
    let isOfLinks = [.netdev, .bridge].contains(family)
    return chains.contains { chain in
      let mayStop = !chain.rules.isEmpty || chain.base?.policy == .drop
      return chain.base != nil && mayStop && (isOfLinks || chain.base?.hook == .ingress)
        || chain.rules.contains { rule in
          rule.expressions.contains { if case .opaque("notrack", _) = $0 { true } else { false } }
        }
    }
  }
}
