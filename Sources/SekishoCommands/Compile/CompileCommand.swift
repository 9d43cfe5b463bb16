internal import ArgumentParser
internal import Artifacts
internal import Operations

struct CompileCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "compile",
    abstract: "Write the rulesets of all hosts.",
    usage: """
      sekisho compile [<options>]
      sekisho compile --merge <dir> ... [--out <dir>]
      """,
    discussion: """
      Writes HOST.nft (text, for people and for nft -f) and HOST.json (libnftables JSON with what is known \
      of the flows) for each host, and manifest.json. Hosts with equal policies share one ruleset, which \
      lies under rulesets/ and is linked. A compile that fails leaves the directory as it was; files of \
      hosts that are gone are removed. Hosts that --host or --shard leave out keep what they have; the \
      manifest then says of each host which inventory its ruleset is of, and which hosts have none.

        sekisho compile --shard 1/4 -o part-1       on one of four machines
        sekisho compile --merge part-* -o build     the same bytes as one compile
        sekisho compile --merge build --host db-1 -o db-1
                                                    what one host of a compile is given

      A shard has a part of the distinct rulesets, and the hosts that have these. Parts of different inventories, \
      and parts of which one is missing, are refused.

      Exit codes: 0 done, 1 error, 4 a guard of the inventory does not hold, and nothing was written.
      """)

  @OptionGroup var inventory: InventoryOptions
  @OptionGroup var output: OutputOptions

  @Option(
    name: .shortAndLong, help: ArgumentHelp("Directory to write to.", valueName: "dir"),
    completion: .directory)
  var out = "build"

  @Option(
    help: ArgumentHelp("Compile only these hosts, as in \"api & !api-3, worker\".", valueName: "selector"),
    completion: Completions.selector)
  var host: String?

  @Option(help: ArgumentHelp("Compile part I of N, as in 1/4.", valueName: "I/N"))
  var shard: Shard?

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Compile nothing: write what the parts of a compile have written as one.", valueName: "dir"),
    completion: .directory)
  var merge: [String] = []

  func validate() throws {
    if !merge.isEmpty, shard != nil {
      throw ValidationError("--merge compiles nothing that could be a part; leave --shard out")
    }
  }

  var worksAlone: Bool { true }

  func answer(_ console: Console) async throws -> Answer {
    let selected = host.map { HostSelector(text: $0) }
    if !merge.isEmpty {
      var answer = Answer()
      answer.add(try MergedParts(reading: merge, selected: selected).write(to: out), out)
      return answer
    }
    let loaded = try LoadedPolicy(inventory.inventory)
    var answer = Answer(parts: [.diagnostics(loaded.report, loaded.sources)])
    if var refusal = BrokenGuards(loaded).refusal {
      refusal.parts = answer.parts + refusal.parts
      throw refusal
    }
    let compilation = try Compilation(
      of: loaded, selected: selected, shard: shard)
    // The process ends with it: to take apart what it knows of ten thousand hosts would be a twentieth of its work.
    _ = unsafe Unmanaged.passRetained(compilation)
    answer.add(try await compilation.write(to: out), out)
    return answer
  }
}

extension Answer {
  /// What was written to a directory.
  fileprivate mutating func add(_ files: CompiledFiles, _ out: String) {
    let report = files.report
    parts += report.changed.map { .detail("wrote \($0)") }
    parts += report.removed.map { .remark("removed \($0), which is in the inventory no more") }
    parts.append(
      .summary(
        "\(out): \(counted(files.hosts, "host")), \(counted(files.rulesets, "distinct ruleset")); "
          + "\(report.changed.count) written, \(report.unchanged) unchanged, \(report.removed.count) removed")
    )
    data = .document(
      Compiled(
        inventory: files.inventory, rulesets: files.rulesets, written: report.changed,
        removed: report.removed,
        unchanged: report.unchanged))
  }
}

/// What a compile wrote, for programs.
private struct Compiled: Encodable {
  let inventory: String
  let rulesets: Int
  let written: [String]
  let removed: [String]
  let unchanged: Int
}

extension Shard: ExpressibleByArgument {
  package init?(argument: String) { self.init(parsing: argument) }
}
