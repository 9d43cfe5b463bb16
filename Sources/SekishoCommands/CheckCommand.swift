internal import ArgumentParser
internal import Diagnostics
internal import Inventory
internal import InventoryFiles
internal import Policy

struct CheckCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Say whether an inventory is sound.",
    discussion: """
      Every mistake is shown in one run, with its place and what to write instead. Then the guards are judged: one \
      that does not hold is shown with the way an intruder takes, hop by hop, and the fewest flows whose \
      removal mends it. Exit codes: 0 sound, 1 mistakes, 2 warnings under --strict, 4 a guard does not hold.
      """)

  @OptionGroup var inventory: InventoryOptions
  @OptionGroup var output: OutputOptions

  @Flag(help: "Exit with 2 when there are warnings.")
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
    let guards = GuardReport(policy, loaded.sources)
    if output.json {
      for found in guards.broken { try console.write(try JSONOutput.encodeLine(guards.entry(found))) }
    }
    try guards.require(console)
    let summary =
      "\(policy.hosts.count) hosts, \(policy.flows.count) flows, \(policy.services.count) services"
      + (policy.guards.isEmpty ? "" : ", \(policy.guards.count) guards hold")
    let found = loaded.report.summary
    console.message(found.isEmpty ? "sound: \(summary)" : "sound: \(summary); \(found)")
    if strict, loaded.report.count(.warning) > 0 { throw ExitCode.differs }
  }
}
