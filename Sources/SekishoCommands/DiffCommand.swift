internal import ArgumentParser
internal import Artifacts
internal import Enforcement
internal import Fleet
internal import Glibc
internal import Nftables
internal import Policy
internal import PolicyDiff
internal import RulesetCompiler
internal import RulesetDiff

struct DiffCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Show what a change opens and closes.",
    discussion: """
      Without arguments the inventory is compared with what this machine runs, which is the host that has \
      its addresses; with two, one source with another, each an inventory, a directory that a compile wrote, \
      or REV:DIR, an inventory at a git revision. Of two inventories it tells which connections open and \
      close, exactly; --objects tells also which objects of the rulesets change.

        sekisho diff --local --host web-1     this machine, as host web-1
        sekisho diff --lab                    every host of the lab
        sekisho diff --host "db, worker"      hosts reached by ssh
        sekisho diff old/ new/                two inventories or compiled directories
        sekisho diff --base main              the inventory, and what it was on branch main
        sekisho diff --base HEAD~1 --markdown for a pull request

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
    if isBetween, targets.host != nil {
      throw ValidationError("two sources are compared whole; leave --host out")
    }
    if markdown, !isBetween { throw ValidationError("--markdown is for two sources; give them, or --base") }
    if markdown, output.json { throw ValidationError("give --json or --markdown") }
  }

  func run() async throws {
    let console = output.console
    var answers: [HostDifference]
    var meaning: MeaningReport?
    let compared = try await compared(console)
    if let compared {
      (answers, meaning) = try between(compared.old, compared.new, console)
    } else {
      answers = try await running(console)
    }
    let report = DiffReport(console: console, showsObjects: objects)
    if output.json {
      try report.writeJSON(answers, meaning?.json)
    } else if let meaning {
      if markdown { try meaning.writeMarkdown() } else { try meaning.write() }
      if !markdown, objects { try report.write(answers) } else { report.writeCount(answers) }
    } else {
      try report.write(answers)
    }
    if answers.contains(where: \.isFailure) { throw ExitCode.failed }
    // Those of a compiled directory were judged by the compile.
    if case .inventory(let loaded) = compared?.new.content { try loaded.requireGuards(console) }
    if answers.contains(where: { !$0.isSame }) { throw ExitCode.differs }
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

  private func running(_ console: Console) async throws -> [HostDifference] {
    let targets = try TargetFinder(
      options: targets, inventory: inventory.inventory, console: console, json: output.json,
      defaultsToThisMachine: true
    ).find()
    let answers = await concurrently(targets) { target in
      try await target.ask { agent in try await agent.compare(target.wanted) }
    }
    return zip(targets, answers).map { target, answer in
      switch answer {
      case .success(let comparison): HostDifference(host: target.name, outcome: .compared(comparison))
      case .failure(let error): HostDifference(host: target.name, outcome: .failed("\(error)"))
      }
    }
  }

  /// What differs between two sources; and what it means, where both are inventories.
  private func between(
    _ old: DiffSource, _ new: DiffSource, _ console: Console
  ) throws -> (hosts: [HostDifference], meaning: MeaningReport?) {
    let rulesets = (try old.rulesets(console), try new.rulesets(console))
    let hosts = try Set(rulesets.0.tables.keys).union(rulesets.1.tables.keys).sorted().compactMap {
      host -> HostDifference? in
      // A host that was left out of a compile is neither new nor gone.
      for (source, path) in [(rulesets.0, old.name), (rulesets.1, new.name)]
      where source.notCompiled.contains(host) {
        return HostDifference(
          host: host, outcome: .failed("\(path) holds no ruleset of it: it was compiled in part"))
      }
      return try failing(console) { HostDifference(host, from: rulesets.0, to: rulesets.1) }
    }
    guard case .inventory(let before) = old.content, case .inventory(let after) = new.content else {
      return (hosts, nil)
    }
    let diff = try failing(console) {
      try PolicyDiff(from: before.policy, to: after.policy, at: Timestamp(seconds: Int64(time(nil))))
    }
    return (hosts, MeaningReport(console: console, diff: diff, old: before.sources, new: after.sources))
  }
}

extension HostDifference {
  /// What differs between the rulesets that two sources have of a host.
  fileprivate init(_ host: String, from old: Rulesets, to new: Rulesets) {
    let installed = old.tables[host].map { InstalledTable(listing: $0) }
    let empty = Table(family: .inet, name: RulesetCompiler.table, chains: [], sets: [])
    let wanted = new.tables[host] ?? empty
    let change = TableDiff.change(from: installed, to: wanted)
    let outcome: Outcome =
      new.tables[host] == nil
      ? .removed
      : .compared(
        Comparison(
          place: "", generation: 0, isInstalled: installed != nil,
          change: ChangeDescription(change, from: installed, to: wanted), foreignChains: []))
    self.init(host: host, outcome: outcome)
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

extension InstalledTable {
  /// A table that is in no kernel, as if it had just been loaded.
  fileprivate init(listing table: Table) {
    var handle: UInt64 = 0
    var rules: [ChainName: [RuleState]] = [:]
    for chain in table.chains {
      rules[chain.name] = chain.rules.map { _ in
        handle += 1
        return RuleState(handle: handle, counter: nil)
      }
    }
    self.init(table: table, rules: rules, generation: 0)
  }
}
