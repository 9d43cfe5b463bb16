internal import Addressing
internal import ArgumentParser
internal import Artifacts
internal import Operations
internal import Policy

struct CompileCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "compile",
    abstract: "Write the rulesets of all hosts.",
    usage: "sekisho compile [<options>]",
    discussion: """
      Writes HOST.nft (text, for people and for nft -f) and HOST.json (libnftables JSON with what is known \
      of the flows) for each host, and manifest.json. Hosts with equal policies share one ruleset, which \
      lies under rulesets/ and is linked. A compile that fails leaves the directory as it was; files of \
      hosts that are gone are removed. Hosts that --host or --shard leave out keep what they have; the \
      manifest then says of each host which inventory its ruleset is of, and which hosts have none. \
      Exit codes: 0 done, 1 error, 4 a guard of the inventory does not hold, and nothing was written.
      """)

  @OptionGroup var inventory: InventoryOptions
  @OptionGroup var output: OutputOptions

  @Option(name: .shortAndLong, help: ArgumentHelp("Directory to write to.", valueName: "dir"))
  var out = "build"

  @Option(
    help: ArgumentHelp("Compile only these hosts, as in \"api & !api-3, worker\".", valueName: "selector"))
  var host: String?

  @Option(help: ArgumentHelp("Compile part I of N, by host, as in 1/4.", valueName: "I/N"))
  var shard: Shard?

  func answer(_ console: Console) async throws -> Answer {
    let loaded = try LoadedPolicy(inventory.inventory)
    var answer = Answer(parts: [.diagnostics(loaded.report, loaded.sources)])
    if var refusal = BrokenGuards(loaded).refusal {
      refusal.parts = answer.parts + refusal.parts
      throw refusal
    }
    let policy = loaded.policy
    let policies = HostPolicies(policy)
    var selected =
      try host.map { try HostSelector(text: $0).select(policy) } ?? policy.hosts.indices.map { HostID($0) }
    if let shard { selected = selected.filter { $0.index % shard.count == shard.number - 1 } }

    let indices = Set(selected.map { policies.assignment[$0.index] }).sorted()
    let names = Set(selected.map { policy[$0].name })
    let others = Set(policy.hosts.map(\.name)).subtracting(names)
    let inventoryDigest = loaded.digest
    let write = try OutputWrite(out)
    let digests = try await RulesetRendering(policy, policies).render(indices, to: write)
    let selectable = policy.selectableHosts
    var hosts: [String: Manifest.Entry] = [:]
    for id in selected {
      guard let digest = digests[policies.assignment[id.index]] else { continue }
      let host = policy[id]
      hosts[host.name] = Manifest.Entry(
        digest: digest, modes: host.modes, ssh: host.ssh ?? host.name,
        addresses: host.addresses.map(\.description), groups: selectable[id.index].groups, zone: host.zone,
        inventory: inventoryDigest)
    }
    let report = try write.finish(hosts: hosts, keeping: others)
    answer.parts += report.changed.map { .detail("wrote \($0)") }
    answer.parts += report.removed.map { .remark("removed \($0), which is in the inventory no more") }
    answer.parts.append(
      .summary(
        "\(out): \(counted(selected.count, "host")), \(counted(indices.count, "distinct ruleset")); "
          + "\(report.changed.count) written, \(report.unchanged) unchanged, \(report.removed.count) removed")
    )
    answer.data = .document(
      Compiled(
        inventory: inventoryDigest, rulesets: indices.count, written: report.changed, removed: report.removed,
        unchanged: report.unchanged))
    return answer
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

/// Part `number` of `count`, as in `1/4`.
struct Shard: ExpressibleByArgument {
  let number: Int
  let count: Int

  init?(argument: String) {
    let parts = argument.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let number = parts[0], let count = parts[1], number >= 1, number <= count else {
      return nil
    }
    self.number = number
    self.count = count
  }
}
