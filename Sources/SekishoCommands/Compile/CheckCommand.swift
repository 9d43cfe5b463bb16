internal import ArgumentParser
internal import Diagnostics
internal import Inventory
internal import InventoryFiles
internal import Lint
internal import Policy

struct CheckCommand: AsyncParsableCommand {
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

        sekisho check --lint                      before a change is handed in
        sekisho check --lint --strict             in CI, where they end it with 2
        sekisho check --lint --json | jq -r .kind

      Exit codes: 0 sound, 1 mistakes, 2 warnings or findings under --strict, 4 a guard does not hold.
      """)

  @OptionGroup var inventory: InventoryOptions
  @OptionGroup var output: OutputOptions

  @Flag(help: "Also find what is allowed and probably not meant.")
  var lint = false

  @Flag(help: "Exit with 2 when there are warnings or findings.")
  var strict = false

  func run() async throws {
    let console = output.console
    let loaded: Inventory.Loaded
    do {
      loaded = try Inventory.load(inventory.inventory)
    } catch {
      console.error("\(error)")
      throw ExitCode.failed
    }
    if output.json {
      for line in loaded.report.jsonLines(loaded.sources) { try console.line(line) }
    } else if loaded.report.hasErrors || !output.quiet {
      console.raw(loaded.report.text(loaded.sources, style: console.messageColour ? .coloured : .plain))
    }
    guard let policy = loaded.policy else {
      console.error("the inventory has mistakes: \(loaded.report.summary)")
      throw ExitCode.failed
    }
    let lint =
      lint ? LintReport(findings: Lint.findings(in: policy, at: .current()), sources: loaded.sources) : nil
    if output.json {
      for entry in lint?.entries ?? [] { try console.write(try JSONOutput.encodeLine(entry)) }
    } else if !output.quiet {
      lint?.show(console)
    }
    let guards = GuardReport(policy, loaded.sources)
    if output.json {
      for found in guards.broken { try console.write(try JSONOutput.encodeLine(guards.entry(found))) }
    }
    try guards.require(console)
    let summary =
      "\(counted(policy.hosts.count, "host")), \(counted(policy.flows.count, "flow")), \(counted(policy.services.count, "service"))"
      + (policy.guards.isEmpty ? "" : ", \(counted(policy.guards.count, "guard holds", "guards hold"))")
    let found = [loaded.report.summary, lint?.summary ?? ""].filter { !$0.isEmpty }.joined(separator: ", ")
    console.message(found.isEmpty ? "sound: \(summary)" : "sound: \(summary); \(found)")
    let doubts = loaded.report.count(.warning) + (lint?.findings.count ?? 0)
    if strict, doubts > 0 { throw ExitCode.differs }
  }
}
