internal import ArgumentParser
internal import Artifacts
internal import Enforcement
internal import Fleet
internal import Glibc
internal import Nftables
internal import Policy
internal import RulesetCompiler
internal import RulesetDiff

struct DiffCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Show what a change opens and closes.",
    discussion: """
      Without arguments the inventory is compared with what this machine runs, which is the host that has \
      its addresses; with two, one source with another, each an inventory or a directory that a compile \
      wrote.

        sekisho diff --local --host web-1     this machine, as host web-1
        sekisho diff --lab                    every host of the lab
        sekisho diff --host "db, worker"      hosts reached by ssh
        sekisho diff old/ new/                two inventories or compiled directories

      Exit codes: 0 nothing differs, 1 error (also when a host could not be asked), 2 differences.
      """)

  @OptionGroup var inventory: InventoryOptions
  @OptionGroup var targets: TargetOptions
  @OptionGroup var output: OutputOptions

  @Flag(help: "Show every object of the change, not the flows alone.")
  var objects = false

  @Argument(help: "Two sources to compare.")
  var sources: [String] = []

  func validate() throws {
    guard [0, 2].contains(sources.count) else { throw ValidationError("give two sources, or none") }
    if !sources.isEmpty, targets.local || targets.lab || targets.from != nil {
      throw ValidationError("two sources are compared with each other, not with hosts")
    }
    if !sources.isEmpty, targets.host != nil {
      throw ValidationError("two sources are compared whole; leave --host out")
    }
  }

  func run() async throws {
    let console = output.console
    let answers = sources.isEmpty ? try await running(console) : try between(console)
    let report = DiffReport(console: console, showsObjects: objects)
    if output.json { try report.writeJSON(answers) } else { try report.write(answers) }
    if answers.contains(where: \.isFailure) { throw ExitCode.failed }
    if answers.contains(where: { !$0.isSame }) { throw ExitCode.differs }
  }

  private func running(_ console: Console) async throws -> [HostDifference] {
    let targets = try TargetFinder(
      options: targets, inventory: inventory.inventory, console: console, defaultsToThisMachine: true
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

  private func between(_ console: Console) throws -> [HostDifference] {
    let source = RulesetSource(console: console)
    let old = try source.tables(sources[0])
    let new = try source.tables(sources[1])
    return try Set(old.tables.keys).union(new.tables.keys).sorted().compactMap { host in
      // A host that was left out of a compile is neither new nor gone.
      for (source, path) in [(old, sources[0]), (new, sources[1])] where source.notCompiled.contains(host) {
        return HostDifference(
          host: host, outcome: .failed("\(path) holds no ruleset of it: it was compiled in part"))
      }
      return try failing(console) {
        let installed = old.tables[host].map { InstalledTable(listing: $0) }
        let empty = Table(family: .inet, name: RulesetCompiler.table, chains: [], sets: [])
        let wanted = new.tables[host] ?? empty
        let change = TableDiff.change(from: installed, to: wanted)
        let outcome: HostDifference.Outcome =
          new.tables[host] == nil
          ? .removed
          : .compared(
            Comparison(
              generation: 0, isInstalled: installed != nil,
              change: ChangeDescription(change, from: installed, to: wanted), foreignChains: []))
        return HostDifference(host: host, outcome: outcome)
      }
    }
  }
}

/// Rulesets of all hosts of an inventory or of a compiled directory.
struct RulesetSource {
  let console: Console

  struct Rulesets {
    let tables: [String: Table]
    /// Hosts that the source knows and has no ruleset of.
    var notCompiled: Set<String> = []
  }

  func tables(_ path: String) throws -> Rulesets {
    // A directory whose manifest is damaged is no inventory: it must not be read as one.
    if hasManifest(path) {
      let manifest = try failing(console) { try OutputDirectory(path).manifest() }
      manifest.tellOfParts(path, console)
      var tables: [String: Table] = [:]
      var known: [String: Table] = [:]
      for (host, entry) in manifest.hosts {
        let table =
          try known[entry.digest]
          ?? failing(console) {
            try OneTable.read(try OutputDirectory(path).json(of: host, manifest), host)
          }
        known[entry.digest] = table
        tables[host] = table
      }
      return Rulesets(tables: tables, notCompiled: Set(manifest.notCompiled))
    }
    let policy = try LoadedPolicy(path, console, warnings: false).policy
    let policies = HostPolicies(policy)
    let compiler = RulesetCompiler(policy, policies)
    let compiled = policies.distinct.map { compiler.compile($0) }
    return Rulesets(
      tables: Dictionary(
        uniqueKeysWithValues: zip(policy.hosts, policies.assignment).map { ($0.name, compiled[$1]) }))
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

/// Whether a directory says that it is the output of a compile.
private func hasManifest(_ path: String) -> Bool {
  var status = stat()
  return unsafe lstat("\(path)/manifest.json", &status) == 0
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
