internal import Enforcement
internal import Nftables
internal import RulesetDiff
internal import RulesetShape

/// What differs on one host.
struct HostDifference {
  enum Outcome {
    case compared(Comparison)
    /// The new source has no such host.
    case removed
    case failed(String)
  }

  let host: String
  let outcome: Outcome

  var isFailure: Bool { if case .failed = outcome { true } else { false } }

  func showFailure(_ console: Console) {
    if case .failed(let reason) = outcome { console.error("\(host): \(reason)") }
  }

  /// Whether the host has no table of ours yet.
  var isNew: Bool { if case .compared(let comparison) = outcome { !comparison.isInstalled } else { false } }

  var isSame: Bool {
    if case .compared(let comparison) = outcome { comparison.change.isEmpty } else { false }
  }
}

/// Differences as text and JSON; hosts that differ alike are told once.
struct DiffReport {
  let console: Console
  let showsObjects: Bool

  /// - Parameter meaning: which connections open and close: then objects are told only where they are asked for, and
  ///   of hosts that had no table, what they let pass from now on.
  func write(_ differences: [HostDifference], _ meaning: MeaningReport? = nil) throws {
    try meaning?.write()
    try writeObjects(meaning == nil || showsObjects ? differences : differences.filter(\.isNew))
    if meaning != nil, !showsObjects { try writeStrangers(differences.filter { !$0.isNew }) }
    try writeRest(differences)
  }

  /// What belongs to no flow, by host.
  private func writeStrangers(_ differences: [HostDifference]) throws {
    var hosts: [[String]: [String]] = [:]
    for difference in differences {
      guard case .compared(let comparison) = difference.outcome else { continue }
      let lines = unexplained(comparison.change)
      if !lines.isEmpty { hosts[lines, default: []].append(difference.host) }
    }
    for (lines, hosts) in hosts.sorted(by: { $0.value.lexicographicallyPrecedes($1.value) }) {
      try console.line(console.styled(title(hosts), .bold) + ": what no flow is behind")
      for line in lines { try console.line(line) }
    }
  }

  private func writeObjects(_ differences: [HostDifference]) throws {
    var order: [ChangeDescription] = []
    var hosts: [ChangeDescription: [String]] = [:]
    var isNew: Set<ChangeDescription> = []
    for difference in differences {
      guard case .compared(let comparison) = difference.outcome, !comparison.change.isEmpty else { continue }
      if hosts[comparison.change] == nil { order.append(comparison.change) }
      hosts[comparison.change, default: []].append(difference.host)
      if !comparison.isInstalled { isNew.insert(comparison.change) }
    }
    for change in order {
      let names = hosts[change] ?? []
      try console.line(
        console.styled(title(names), .bold)
          + (isNew.contains(change)
            ? ": not filtered by Sekisho yet; of new connections only these pass from then on" : ""))
      if isNew.contains(change), !showsObjects { try writeSummary(change) } else { try write(change) }
    }
  }

  private func title(_ names: [String]) -> String {
    let shown = names.prefix(6).joined(separator: ", ")
    return names.count > 6 ? "\(shown) and \(names.count - 6) more" : shown
  }

  /// A host without a table gets everything: its flows, a line a direction.
  private func writeSummary(_ change: ChangeDescription) throws {
    let flows = change.flows.map { (name: $0.name, place: ChainMeaning(ChainName(checked: $0.chain))) }
    for (side, words) in [(Side.input, "in     "), (.forward, "through"), (.output, "out    ")] {
      let rules = flows.filter { $0.place?.side == side && $0.place != .base(side) }
      // Accepts only where it observes.
      if rules.contains(where: { $0.place == .denial(side) }) {
        try console.line(
          "  \(console.styled(words, .changes)) everything: what no flow allows is only recorded")
        continue
      }
      let names = rules.map(\.name)
      let unique = names.enumerated().filter { $0.offset == 0 || names[$0.offset - 1] != $0.element }.map(
        \.element)
      if unique.isEmpty { continue }
      try console.line("  \(console.styled(words, .opens)) \(unique.joined(separator: ", "))")
    }
    if change.flows.isEmpty { try console.line("  nothing") }
  }

  private func write(_ change: ChangeDescription) throws {
    for flow in change.flows {
      try console.line(
        "  \(mark(flow.action)) \(flow.name)  \(console.styled("chain \(flow.chain)", .faint))")
      for detail in flow.details { try console.line("      \(mark(detail.action)) \(detail.text)") }
    }
    if showsObjects {
      for object in change.objects {
        let count = object.kind == "elements" ? " (\(object.count))" : ""
        let text = object.text.isEmpty ? "" : ": \(object.text)"
        try console.line("  \(mark(object.action)) \(object.kind) \(object.name)\(count)\(text)")
      }
    } else {
      for line in unexplained(change) { try console.line(line) }
      let noun = change.objects.count == 1 ? "object changes" : "objects change"
      let hint = change.flows.isEmpty ? "no flow is touched; " : ""
      try console.line(
        console.styled("  \(hint)\(change.objects.count) \(noun) (--objects shows them)", .faint))
    }
  }

  /// Rules and elements that accept, belong to no flow, and go: what somebody opened behind Sekisho's
  /// back must not be a number among others.
  private func unexplained(_ change: ChangeDescription) -> [String] {
    let explained = Set(change.flows.flatMap { flow in flow.details.map { [flow.chain, $0.text] } })
    // A rule goes and comes again when a set that it looks into has to be made anew.
    let returning = Set(change.objects.filter { $0.action == .add }.map { [$0.kind, $0.name, $0.text] })
    return change.objects.compactMap { object in
      guard object.action == .delete, object.text.contains("accept"),
        !returning.contains([object.kind, object.name, object.text]),
        object.kind == "rule" && !explained.contains([object.name, object.text]) || object.kind == "elements"
      else { return nil }
      let place = console.styled("\(object.kind) of \(object.name), of no flow", .faint)
      return "  \(mark(.delete)) \(object.text)  \(place)"
    }
  }

  /// How many rulesets change, where they are not shown.
  func writeCount(_ differences: [HostDifference]) {
    for difference in differences { difference.showFailure(console) }
    let changed = differences.count { !$0.isSame && !$0.isFailure }
    if changed > 0 {
      console.message("\(changed) of \(differences.count) rulesets change (--objects shows them)")
    }
  }

  private func writeRest(_ differences: [HostDifference]) throws {
    for difference in differences {
      switch difference.outcome {
      case .removed: try console.line("\(difference.host): \(console.styled("removed", .closes))")
      case .failed: difference.showFailure(console)
      case .compared: continue
      }
    }
    var foreign: [String: [String]] = [:]
    for difference in differences {
      guard case .compared(let comparison) = difference.outcome else { continue }
      for table in Set(comparison.foreignChains.map(\.table)) {
        foreign[table, default: []].append(difference.host)
      }
    }
    for (table, hosts) in foreign.sorted(by: { $0.key < $1.key }) {
      console.message(
        "table \(table) filters too, on \(title(hosts)): its drops hold whatever we accept")
    }
    let same = differences.count(where: \.isSame)
    let failed = differences.count(where: \.isFailure)
    let other = differences.count - same - failed
    console.message(
      other == 0 && failed == 0
        ? "nothing differs (\(counted(same, "host")))"
        : "\(counted(other, "host differs", "hosts differ")), \(same) \(same == 1 ? "does" : "do") not"
          + (failed > 0 ? ", \(failed) could not be asked" : ""))
  }

  private func mark(_ action: ChangeDescription.Action) -> String {
    switch action {
    case .add: console.styled("+", .opens)
    case .delete: console.styled("-", .closes)
    case .change: console.styled("~", .changes)
    }
  }

  // MARK: - JSON

  private struct File: Encodable {
    struct Host: Encodable {
      let host: String
      let status: String
      let generation: UInt32?
      let installed: Bool?
      let flows: [ChangeDescription.Flow]?
      let objects: [ChangeDescription.Object]?
      let foreignChains: [ForeignChain]?
      let error: String?
    }
    let format_version = 1
    let hosts: [Host]
    let meaning: MeaningReport.JSON?
  }

  /// - Parameter meaning: what the change means, where both sides are policies.
  func writeJSON(_ differences: [HostDifference], _ meaning: MeaningReport.JSON?) throws {
    let hosts = differences.map { difference -> File.Host in
      switch difference.outcome {
      case .compared(let comparison):
        File.Host(
          host: difference.host, status: comparison.change.isEmpty ? "same" : "differs",
          generation: comparison.moment.generation, installed: comparison.isInstalled,
          flows: comparison.change.flows,
          objects: comparison.change.objects, foreignChains: comparison.foreignChains, error: nil)
      case .removed:
        File.Host(
          host: difference.host, status: "removed", generation: nil, installed: nil, flows: nil, objects: nil,
          foreignChains: nil, error: nil)
      case .failed(let reason):
        File.Host(
          host: difference.host, status: "failed", generation: nil, installed: nil, flows: nil, objects: nil,
          foreignChains: nil, error: reason)
      }
    }
    try console.write(try JSONOutput.encode(File(hosts: hosts, meaning: meaning)))
  }
}
