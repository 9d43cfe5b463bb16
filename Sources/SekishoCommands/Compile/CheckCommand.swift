internal import ArgumentParser
internal import Diagnostics
internal import Lint
internal import Operations
internal import Policy

struct CheckCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Say whether an inventory is sound.",
    usage: "sekisho check [<options>]",
    discussion: """
      Every mistake is shown in one run, with its place and what to write instead. Then the guards are judged: one \
      that does not hold is shown with the way an intruder takes, hop by hop, and the fewest flows whose \
      removal mends it.

      --lint also looks for what is allowed and probably not meant: flows that another flow covers already, any to \
      any, groups that are wider than every use of them, networks that hold managed hosts, hosts that nobody can \
      manage (tcp/22, or the service that `settings: {management: SERVICE}` names), groups, services, networks and \
      zones that nothing uses, flows that have ended, hosts that lack an address family which others beside them \
      have, flows without an owner. Each finding says what to do; most go away by saying what is meant.

      --guards tells every guard: what it says, why, and whether it holds, or how it is broken.

        sekisho check --lint                      before a change is handed in
        sekisho check --lint --strict             in CI, where they end it with 2
        sekisho check --lint --json | jq -r '.kind // empty'
        sekisho check --lint --format github      beside the lines, in a workflow
        sekisho check --format sarif > sekisho.sarif
        sekisho check --guards                    what must hold, and that it does

      With --json every mistake and finding is a line, and the last line says that the inventory is sound, or why not.

      Exit codes: 0 sound, 1 mistakes, 2 warnings or findings under --strict, 4 a guard does not hold.
      """)

  @OptionGroup var inventory: InventoryOptions
  @OptionGroup var output: OutputOptions

  @Flag(help: "Also find what is allowed and probably not meant.")
  var lint = false

  @Flag(help: "Tell every guard, and whether it holds.")
  var guards = false

  @Flag(help: "Exit with 2 when there are warnings or findings.")
  var strict = false

  @Option(help: "text, github or sarif: how a service of code review is told.")
  var format = ReviewFormat.text

  var answersInLines: Bool { true }

  func validate() throws {
    if output.json, format != .text { throw ValidationError("--json and --format exclude each other") }
    if guards, format != .text { throw ValidationError("--guards and --format exclude each other") }
  }

  var worksAlone: Bool { true }

  func answer(_ console: Console) async throws -> Answer {
    if format != .text { return try reported() }
    let loaded: LoadedPolicy
    do {
      loaded = try LoadedPolicy(inventory.inventory)
    } catch let mistakes as InventoryMistakes {
      var refusal = Refusal(mistakes)
      // Each mistake is a line of its own.
      if output.json {
        try console.write(try JSONOutput.bytes(.lines(refusal.diagnostics)))
        refusal.diagnostics = []
      }
      throw refusal
    }
    let policy = loaded.policy
    let lint =
      lint ? LintReport(findings: Lint.findings(in: policy, at: .current()), sources: loaded.sources) : nil
    var answer = Answer(parts: [.diagnostics(loaded.report, loaded.sources)])
    if let lint { answer.parts.append(.diagnostics(lint.report, loaded.sources)) }
    let broken = BrokenGuards(loaded)
    let list = guards ? GuardList(loaded, broken, at: .current()) : nil
    if let list { answer.parts.append(.chapter(list.chapter)) }
    var lines: [any Encodable] = loaded.report.json(loaded.sources)
    lines += lint?.entries ?? []
    if var refusal = broken.refusal {
      if output.json {
        try console.write(try JSONOutput.bytes(.lines(lines + (list?.lines ?? broken.entries))))
        refusal.brokenGuards = []
      }
      refusal.parts = answer.parts + refusal.parts
      throw refusal
    }
    let counts = Counts(
      hosts: policy.hosts.count, flows: policy.flows.count, services: policy.services.count,
      guards: policy.guards.count, warnings: loaded.report.count(.warning), findings: lint?.findings.count)
    answer.data = .lines(lines + (list?.lines ?? []) + [Verdict(sound: counts)])
    let found = [loaded.report.summary, lint?.summary ?? ""].filter { !$0.isEmpty }.joined(separator: ", ")
    answer.parts.append(.summary("sound: \(counts.text)\(found.isEmpty ? "" : "; \(found)")"))
    if strict, counts.warnings + (counts.findings ?? 0) > 0 { answer.exitCode = .differs }
    if !output.json {
      answer.parts += NextStep(console, inventory: inventory.inventory).behindCheck()
    }
    return answer
  }
}

extension CheckCommand {
  /// The answer as a service wants it, whatever is found, with the same exit codes.
  private func reported() throws -> Answer {
    var found: [ReviewFinding] = []
    var code: ExitCode?
    do {
      let loaded = try LoadedPolicy(inventory.inventory)
      found = loaded.report.json(loaded.sources).map { ReviewFinding(kind: "mistake", diagnostic: $0) }
      if lint {
        found +=
          LintReport(
            findings: Lint.findings(in: loaded.policy, at: .current()), sources: loaded.sources
          ).review
      }
      if strict, !found.isEmpty { code = .differs }
      let guards = BrokenGuards(loaded).entries
      found += guards.map { ReviewFinding(kind: "guard", diagnostic: $0.diagnostic) }
      if !guards.isEmpty { code = .broken }
    } catch let mistakes as InventoryMistakes {
      found = mistakes.report.json(mistakes.sources).map { ReviewFinding(kind: "mistake", diagnostic: $0) }
      code = .failed
    }
    var answer = Answer(parts: [
      .verbatim(try format.bytes(found)),
      .summary(code == nil ? "sound; \(counted(found.count, "finding"))" : counted(found.count, "finding")),
    ])
    answer.exitCode = code
    return answer
  }
}

/// The last line of an inventory without mistakes.
private struct Verdict: Encodable {
  let sound: Counts
}

/// How much an inventory has of everything.
private struct Counts: Encodable {
  let hosts: Int
  let flows: Int
  let services: Int
  let guards: Int
  let warnings: Int
  let findings: Int?

  var text: String {
    "\(counted(hosts, "host")), \(counted(flows, "flow")), \(counted(services, "service"))"
      + (guards == 0 ? "" : ", \(counted(guards, "guard holds", "guards hold"))")
  }
}
