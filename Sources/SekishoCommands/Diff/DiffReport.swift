internal import AgentProtocol
internal import ConnectionDiff
internal import Diagnostics
internal import Lint
internal import Nftables
internal import Operations
internal import Rollout
internal import RulesetDiff
internal import RulesetShape

/// Differences as an answer; hosts that differ alike are told once.
struct DiffReport {
  let found: FoundDifference
  let showsObjects: Bool
  /// Where findings of running hosts are written; `nil`: two sources are compared.
  let sources: Sources?
  /// The steps in which hosts change; `nil`: they are not asked for.
  var rollout: Rollout?

  /// What is told. Where it is known which connections open and close, objects are told only where they are asked for,
  /// and of hosts that had no table, what they let pass from now on.
  var parts: [Answer.Part] {
    let reason = found.notProven.map { reason in
      Answer.Part.remark(
        "which connections open and close is \(reason); the objects that change are told instead")
    }
    let hosts = found.hosts
    let lead =
      found.lockout.map { Answer.Part.chapter(.sentence("\($0.sentence, .closes)")) }
      ?? found.lockoutNotProven.map {
        Answer.Part.chapter(.sentence("\("whether somebody can log in afterwards is \($0)", .closes)"))
      }
    // What is said of a host as a whole stands there already.
    let logins = found.lostLogins.filter { found.lockout?.hosts.contains($0.host) != true || $0.login != nil }
      .filter { found.lockoutNotProven == nil || $0.login != nil }
      .map { Answer.Part.chapter(.sentence("\($0.reason, .closes)")) }
    let before =
      [reason, lead].compactMap { $0 } + logins + (found.meaning?.parts ?? []) + tripwires(hosts)
    let knowsMeaning = found.meaning != nil && !showsObjects
    let facts = found.facts.chapters
    guard let sources else {
      let chapters = (knowsMeaning ? [] : objects(hosts)) + facts + (rollout?.chapters(found.meaning) ?? [])
      return before + chapters.map { .chapter($0) } + (knowsMeaning ? count : rest)
    }
    let objects = objects(knowsMeaning ? hosts.filter(\.isNew) : hosts)
    let strangers = knowsMeaning ? strangers(hosts.filter { !$0.isNew }) : []
    let findings = Chapter(
      .advice, Words("Findings about what changes", .strong),
      found.findings.map { Entry(.risk, Words($0.message), note: sources.shownLine($0.location)) })
    let risks = Chapter(
      .facts, Words("Risks in what passes from then on", .strong),
      found.risks.map { $0.entry(sources) }
        + (found.risksNotProven.map { [Entry(.risk, "what is risky in it is \("\($0)")")] } ?? []))
    let chapters =
      objects + strangers + facts + [risks, findings].filter { !$0.entries.isEmpty }
    return before + chapters.map { .chapter($0) } + rest
  }

  /// Tripwires that come, go or change, a line each.
  private func tripwires(_ differences: [HostDifference]) -> [Answer.Part] {
    var order: [ChangeDescription.Tripwire] = []
    var hosts: [ChangeDescription.Tripwire: [String]] = [:]
    for difference in differences {
      guard case .compared(let comparison) = difference.outcome else { continue }
      for tripwire in comparison.change.tripwires ?? [] {
        if hosts[tripwire] == nil { order.append(tripwire) }
        hosts[tripwire, default: []].append(difference.host)
      }
    }
    if order.isEmpty { return [] }
    let entries = order.sorted { $0.name < $1.name }.map { tripwire in
      let word =
        switch tripwire.action {
        case .add: "comes on"
        case .delete: "goes from"
        case .change: "changes on"
        }
      return Entry(
        Mark(tripwire.action), Words("\(tripwire.name) \(word) \(listed(hosts[tripwire] ?? []))"))
    }
    return [.chapter(Chapter(.facts, Words("Tripwires", .strong), entries))]
  }

  /// What belongs to no flow, by host.
  private func strangers(_ differences: [HostDifference]) -> [Chapter] {
    var lines: [[String]: (entries: [Entry], hosts: [String])] = [:]
    for difference in differences {
      guard case .compared(let comparison) = difference.outcome else { continue }
      let strangers = unexplained(comparison.change)
      if strangers.isEmpty { continue }
      lines[strangers.map { "\($0.kind) \($0.name) \($0.text)" }, default: (strangers.map(stranger), [])]
        .hosts.append(difference.host)
    }
    return lines.values.sorted { $0.hosts.lexicographicallyPrecedes($1.hosts) }.map { entries, hosts in
      Chapter(.facts, "\(listed(hosts), .strong): what no flow is behind", entries)
    }
  }

  private func objects(_ differences: [HostDifference]) -> [Chapter] {
    var order: [ChangeDescription] = []
    var hosts: [ChangeDescription: [String]] = [:]
    var isNew: Set<ChangeDescription> = []
    for difference in differences {
      guard case .compared(let comparison) = difference.outcome, !comparison.change.isEmpty else { continue }
      if hosts[comparison.change] == nil { order.append(comparison.change) }
      hosts[comparison.change, default: []].append(difference.host)
      if !comparison.isInstalled { isNew.insert(comparison.change) }
    }
    return order.map { change in
      let isNew = isNew.contains(change)
      let what = isNew ? ": not filtered by Sekisho yet; of new connections only these pass from then on" : ""
      return Chapter(
        .facts, "\(listed(hosts[change] ?? []), .strong)\(what)",
        isNew && !showsObjects ? first(change) : entries(change))
    }
  }

  /// A host without a table gets everything: its flows, a line a direction.
  private func first(_ change: ChangeDescription) -> [Entry] {
    if change.flows.isEmpty { return ["nothing"] }
    let flows = change.flows.map { (name: $0.name, place: ChainMeaning(ChainName(checked: $0.chain))) }
    let sides: [(Side, String)] = [(.input, "in     "), (.forward, "through"), (.output, "out    ")]
    return sides.compactMap { side, word in
      let rules = flows.filter { $0.place?.side == side && $0.place != .base(side) }
      // Accepts only where it observes.
      if rules.contains(where: { $0.place == .denial(side) }) {
        return "\(word, .changes) everything: what no flow allows is only recorded"
      }
      let names = rules.map(\.name)
      let unique = names.enumerated().filter { $0.offset == 0 || names[$0.offset - 1] != $0.element }.map(
        \.element)
      return unique.isEmpty ? nil : "\(word, .opens) \(unique.joined(separator: ", "))"
    }
  }

  private func entries(_ change: ChangeDescription) -> [Entry] {
    let flows = change.flows.map { flow in
      Entry(
        Mark(flow.action), Words(flow.name), note: "chain \(flow.chain)",
        below: flow.details.map { Entry(Mark($0.action), Words($0.text)) })
    }
    if showsObjects {
      return flows
        + change.objects.map { object in
          let count = object.kind == "elements" ? " (\(object.count))" : ""
          let text = object.text.isEmpty ? "" : ": \(object.text)"
          return Entry(Mark(object.action), "\(object.kind) \(object.name)\(count)\(text)")
        }
    }
    let noun = change.objects.count == 1 ? "object changes" : "objects change"
    let hint = change.flows.isEmpty ? "no flow is touched; " : ""
    return flows + unexplained(change).map(stranger) + [
      "\("\(hint)\(change.objects.count) \(noun) (--objects shows them)", .faint)"
    ]
  }

  /// Rules and elements that accept, belong to no flow, and go: what somebody opened behind Sekisho's
  /// back must not be a number among others.
  private func unexplained(_ change: ChangeDescription) -> [ChangeDescription.Object] {
    let explained = Set(change.flows.flatMap { flow in flow.details.map { [flow.chain, $0.text] } })
    // A rule goes and comes again when a set that it looks into has to be made anew.
    let returning = Set(change.objects.filter { $0.action == .add }.map { [$0.kind, $0.name, $0.text] })
    return change.objects.filter { object in
      object.action == .delete && object.text.contains("accept")
        && !returning.contains([object.kind, object.name, object.text])
        && (object.kind == "rule" && !explained.contains([object.name, object.text])
          || object.kind == "elements")
    }
  }

  private func stranger(_ object: ChangeDescription.Object) -> Entry {
    Entry(.closes, Words(object.text), note: "\(object.kind) of \(object.name), of no flow")
  }

  /// How many rulesets change, where they are not shown.
  private var count: [Answer.Part] {
    let changed = found.hosts.count { !$0.isSame && !$0.isFailure }
    let failures = found.hosts.compactMap(\.failure)
    return failures + others
      + (changed == 0
        ? [] : [.remark("\(changed) of \(found.hosts.count) rulesets change (--objects shows them)")])
  }

  /// Tables of others that filter, and where.
  private var others: [Answer.Part] {
    var foreign: [String: [String]] = [:]
    for difference in found.hosts {
      guard case .compared(let comparison) = difference.outcome else { continue }
      for table in comparison.foreignChains.filteringTables {
        foreign[table, default: []].append(difference.host)
      }
    }
    return foreign.sorted { $0.key < $1.key }.map { table, hosts in
      .remark("table \(table) filters too, on \(listed(hosts)): its drops hold whatever we accept")
    }
  }

  private var rest: [Answer.Part] {
    var parts: [Answer.Part] = []
    for difference in found.hosts {
      if case .removed = difference.outcome {
        parts.append(.chapter(.sentence("\(difference.host): \("removed", .closes)")))
      } else if let failure = difference.failure {
        parts.append(failure)
      }
    }
    parts += others
    let same = found.hosts.count(where: \.isSame)
    let failed = found.hosts.count(where: \.isFailure)
    let other = found.hosts.count - same - failed
    parts.append(
      .remark(
        other == 0 && failed == 0
          ? "nothing differs (\(counted(same, "host")))"
          : "\(counted(other, "host differs", "hosts differ")), \(same) \(same == 1 ? "does" : "do") not"
            + (failed > 0 ? ", \(failed) could not be asked" : "")))
    return parts
  }

  // MARK: - JSON

  private struct File: Encodable {
    struct Host: Encodable {
      let host: String
      let status: String
      var generation: UInt32?
      var installed: Bool?
      var flows: [ChangeDescription.Flow]?
      var tripwires: [ChangeDescription.Tripwire]?
      var objects: [ChangeDescription.Object]?
      var foreignChains: [ForeignChain]?
      var error: FailureJSON?
    }

    let hosts: [Host]
    let lockedOut: [String]
    let lockedOutNotProven: String?
    let lostLogins: [LostLoginJSON]?
    let findings: [LintReport.Entry]?
    let risks: [RiskJSON]?
    let facts: [HostFactsJSON]
    let meaning: ChangeMeaning.JSON?
    let meaningNotProven: String?
    let steps: [RolloutJSON]?
    let brokenGuards: [BrokenGuards.Entry]?
  }

  /// - Parameter guards: those of the new side.
  func json(_ guards: BrokenGuards?) -> some Encodable {
    let hosts = found.hosts.map { difference -> File.Host in
      switch difference.outcome {
      case .compared(let comparison):
        File.Host(
          host: difference.host, status: comparison.change.isEmpty ? "same" : "differs",
          generation: comparison.generation, installed: comparison.isInstalled,
          flows: comparison.change.flows, tripwires: comparison.change.tripwires,
          objects: comparison.change.objects,
          foreignChains: comparison.foreignChains)
      case .removed: File.Host(host: difference.host, status: "removed")
      case .failed(let error):
        File.Host(host: difference.host, status: "failed", error: FailureJSON(error))
      }
    }
    return File(
      hosts: hosts, lockedOut: found.lockout?.hosts ?? [],
      lockedOutNotProven: found.lockoutNotProven.map { "\($0)" },
      lostLogins: found.lostLogins.isEmpty ? nil : found.lostLogins.map { LostLoginJSON($0) },
      findings: sources.map { LintReport(findings: found.findings, sources: $0).entries },
      risks: sources.flatMap { sources in
        found.risks.isEmpty ? nil : found.risks.map { RiskJSON($0, sources) }
      },
      facts: found.facts.map { HostFactsJSON($0) },
      meaning: found.meaning?.json, meaningNotProven: found.notProven.map { "\($0)" },
      steps: rollout.map { $0.steps.map { RolloutJSON($0) } },
      brokenGuards: guards.flatMap { $0.broken.isEmpty ? nil : $0.entries })
  }
}

extension HostDifference {
  fileprivate var failure: Answer.Part? { error.map { .failure("\($0)", of: host) } }
}

extension Mark {
  fileprivate init(_ action: ChangeDescription.Action) {
    self =
      switch action {
      case .add: .opens
      case .delete: .closes
      case .change: .changes
      }
  }
}
