internal import ArgumentParser
internal import Artifacts

struct DiffCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Show what a change opens and closes.",
    discussion: """
      Without arguments the inventory is compared with what this machine runs, which is the host that has \
      its addresses; with two, one source with another, each an inventory, a directory that a compile wrote, \
      REV:DIR, an inventory at a git revision, or a file with a host's ruleset in the JSON of nft. It tells \
      which connections open and close, exactly; --objects tells also which objects of the rulesets change.

        sekisho diff --local --host web-1     this machine, as host web-1
        sekisho diff --lab                    every host of the lab
        sekisho diff --host "db, worker"      hosts reached by ssh
        sekisho diff old/ new/                two inventories or compiled directories
        sekisho diff was.json inventory --host web-1
                                              what nft -j list ruleset printed there
        sekisho diff --base main              what a branch changes
        sekisho diff --base main --markdown   for a pull request
        sekisho diff --host db --out PLAN     saves what is shown, for apply PLAN

      Exit codes: 0 nothing differs, 1 error (also when a host could not be asked), 2 differences, 4 a guard of the \
      (new) inventory does not hold.
      """)

  @OptionGroup var inventory: InventoryOptions
  @OptionGroup var targets: TargetOptions
  @OptionGroup var output: OutputOptions

  @Flag(help: "Show every object of the change, not the flows alone.")
  var objects = false

  @Option(help: ArgumentHelp("Compare the inventory with itself at a git revision.", valueName: "rev"))
  var base: String?

  @Option(help: ArgumentHelp("Save what is shown, for apply PLAN.", valueName: "plan"))
  var out: String?

  @Flag(help: "Write Markdown, for a pull request.")
  var markdown = false

  @Argument(help: "Two sources to compare.")
  var sources: [String] = []

  func validate() throws {
    guard [0, 2].contains(sources.count) else { throw ValidationError("give two sources, or none") }
    let isBetween = !sources.isEmpty || base != nil
    if base != nil, !sources.isEmpty { throw ValidationError("give --base, or two sources") }
    if isBetween, targets.local || targets.lab || targets.from != nil {
      throw ValidationError("two sources are compared with each other, not with hosts")
    }
    if out != nil, isBetween {
      throw ValidationError("--out saves what changes on hosts; two sources have none")
    }
    if markdown, !isBetween { throw ValidationError("--markdown is for two sources; give them, or --base") }
    if markdown, output.json { throw ValidationError("give --json or --markdown") }
  }

  func run() async throws {
    let console = output.console
    let compared = try await compared(console)
    var running: RunningHosts?
    let found: FoundDifference
    if let compared {
      found = try SourceComparison(from: compared.old, to: compared.new, host: targets.host, console).found
    } else {
      let asked = try await asked(console)
      found = asked.found(console)
      running = asked
    }
    let report = DiffReport(console: console, showsObjects: objects)
    if output.json {
      try report.writeJSON(found.hosts, found.meaning?.json)
    } else if markdown, let meaning = found.meaning {
      try meaning.writeMarkdown()
      report.writeCount(found.hosts)
    } else if compared != nil, !objects, let meaning = found.meaning {
      try meaning.write()
      report.writeCount(found.hosts)
    } else {
      try report.write(found.hosts, found.meaning)
    }
    if found.hosts.contains(where: \.isFailure) {
      if out != nil { console.error("not every host could be asked; no plan was saved") }
      throw ExitCode.failed
    }
    if let out, let running {
      let plan = try SavedPlan(of: running, options: targets, console)
      try failing(console) { try plan.plan.write(to: out) }
      let source =
        targets.from.map { " --from \($0)" }
        ?? (inventory.inventory == "inventory" ? "" : " -i \(inventory.inventory)")
      console.message("saved \(out); sekisho apply \(out)\(source) applies exactly this")
    }
    // Those of a compiled directory were judged by the compile.
    if case .inventory(let loaded) = compared?.new.content { try loaded.requireGuards(console) }
    if found.hosts.contains(where: { !$0.isSame }) || found.meaning?.isEmpty == false {
      throw ExitCode.differs
    }
  }

  /// The two sources that were asked for; `nil`: the inventory is compared with what runs.
  private func compared(_ console: Console) async throws -> (old: DiffSource, new: DiffSource)? {
    if let base {
      return (
        try await DiffSource("\(base):\(inventory.inventory)", console),
        try await DiffSource(inventory.inventory, console)
      )
    }
    if sources.isEmpty { return nil }
    return (try await DiffSource(sources[0], console), try await DiffSource(sources[1], console))
  }

  private func asked(_ console: Console) async throws -> RunningHosts {
    let targets = try TargetFinder(
      options: targets, inventory: inventory.inventory, console: console, json: output.json,
      defaultsToThisMachine: true
    ).find()
    return await RunningHosts(asking: targets)
  }
}

extension Manifest {
  /// Says that rulesets lie side by side that no single inventory gave.
  func tellOfParts(_ path: String, _ console: Console) {
    let inventories = inventories
    if inventories.count > 1 {
      console.message(
        "\(path) was compiled in parts: its rulesets are of \(inventories.count) inventories, which manifest.json "
          + "names host by host; sekisho compile without --host and --shard makes them one")
    }
  }
}
