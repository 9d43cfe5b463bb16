internal import Addressing
internal import AgentProtocol
internal import ArgumentParser
internal import Artifacts
internal import Fleet
internal import HostAgent
internal import Lab
internal import Machine
internal import Nftables
internal import Policy
internal import RulesetCompiler

/// Which hosts a command works on, and how it reaches them.
struct TargetOptions: ParsableArguments {
  @Flag(help: "This machine, which is the host that --host names.")
  var local = false

  @Flag(help: "The hosts of the lab.")
  var lab = false

  @Option(
    help: ArgumentHelp(
      "These hosts, as in \"api & !api-3, worker\"; by ssh unless --local or --lab.", valueName: "selector"))
  var host: String?

  @Option(
    help: ArgumentHelp("Take what a compile wrote to a directory instead of the inventory.", valueName: "dir")
  )
  var from: String?

  @Option(
    help: ArgumentHelp(
      "How long a host may take for an answer, as in 90s or 2m (default: 30s).", valueName: "duration"))
  var timeout: TimeLimit?

  /// How long hosts may keep us waiting.
  var patience: Patience {
    var patience = Patience()
    if let timeout { patience.answer = timeout.duration }
    return patience
  }

  func validate() throws {
    if local, lab { throw ValidationError("--local and --lab exclude each other") }
    if local, host == nil { throw ValidationError("--local needs --host NAME: which host is this machine?") }
  }
}

/// A host with the table it should have and the way to its agent.
struct Target: Sendable {
  let name: String
  let wanted: Table
  let reach: Reach
  let identity: HostIdentity

  enum Reach: Sendable {
    case here
    case through(Transport)
  }

  /// How long the host may keep us waiting.
  let patience: Patience

  /// Asks the host's agent, once it is known to be this host's and to be able to answer.
  ///
  /// - Parameter needs: what will be asked.
  /// - Throws: ``AgentProtocol/AgentFailure``, `.wrongHost` among them.
  func ask<Answer: Sendable>(
    _ needs: [any AgentRequest.Type],
    _ question: @escaping @Sendable (any Agent) async throws -> Answer
  ) async throws -> Answer {
    try await ask(needs) { agent, _ in try await question(agent) }
  }

  /// The same, with what the machine has said of itself.
  func ask<Answer: Sendable>(
    _ needs: [any AgentRequest.Type],
    _ question: @escaping @Sendable (any Agent, Greeting) async throws -> Answer
  ) async throws -> Answer {
    switch reach {
    case .here:
      let agent = try ThisMachine.agent()
      let greeting = try agent.answer(Hello())
      try identity.check(greeting)
      return try await question(agent, greeting)
    case .through(let transport):
      return try await AgentSession.run(transport, needing: needs, version: version, patience: patience) {
        [identity] agent, greeting in
        try identity.check(greeting)
        return try await question(agent, greeting)
      }
    }
  }
}

/// The hosts a command works on.
struct Targets: Sendable {
  let hosts: [Target]
  /// The names of all hosts that the source knows, asked for or not.
  let all: Set<String>
  /// What their rulesets are compiled from; `nil`: a directory holds what was compiled.
  let inventory: LoadedPolicy?
  /// What there is to say of where their rulesets come from.
  var remarks: [String] = []
}

/// Finds the hosts a command works on and what each of them should have.
struct TargetFinder {
  let options: TargetOptions
  let inventory: String
  /// Whether a command that names no host means this machine, found by its addresses; else it is an
  /// error: a change never goes to hosts that nobody named.
  var defaultsToThisMachine = false

  /// - Throws: ``Refusal``, ``ValidationError``, or what files and the lab throw.
  func find() throws -> Targets {
    let isUnnamed = options.host == nil && !options.lab
    if isUnnamed, !defaultsToThisMachine {
      throw ValidationError(
        "say which hosts: --local --host NAME, --lab, or --host SELECTOR (--host all: by ssh)")
    }
    if isUnnamed, options.from != nil { throw ValidationError("with --from, say which host: --host NAME") }
    let loaded = options.from == nil ? try LoadedPolicy(inventory) : nil
    if let loaded { try BrokenGuards(loaded).require() }
    var remarks: [String] = []
    let wanted =
      if let loaded {
        try compiling(loaded.policy, thisMachine: isUnnamed)
      } else {
        try compiled(options.from ?? "", &remarks)
      }
    let lab = options.lab ? try Lab.running() : nil
    if options.local || isUnnamed {
      guard wanted.count == 1 else {
        throw ValidationError("--host selects \(wanted.count) hosts; this machine is one of them: name it")
      }
      return Targets(
        hosts: [target(wanted[0], .here)], all: Self.all(wanted), inventory: loaded, remarks: remarks)
    }
    let hosts = try wanted.map { host in
      guard let lab else { return target(host, .through(.ssh(host.ssh, options.patience))) }
      let command = try lab.execPrefix(host.identity.host) + [try Lab.ownExecutable(), "agent"]
      return target(host, .through(Transport(command: command)))
    }
    return Targets(hosts: hosts, all: Self.all(wanted), inventory: loaded, remarks: remarks)
  }

  /// All hosts that addresses are known of.
  private static func all(_ wanted: [Wanted]) -> Set<String> {
    Set(wanted.first.map { Array($0.identity.owners.values) } ?? [])
  }

  private typealias Wanted = (identity: HostIdentity, table: Table, ssh: String)

  private func target(_ wanted: Wanted, _ reach: Target.Reach) -> Target {
    Target(
      name: wanted.identity.host, wanted: wanted.table, reach: reach, identity: wanted.identity,
      patience: options.patience)
  }

  private func compiling(_ policy: Policy, thisMachine: Bool) throws -> [Wanted] {
    let policies = HostPolicies(policy)
    let compiler = RulesetCompiler(policy, policies)
    var tables: [Int: Table] = [:]
    let selected: [HostID]
    if thisMachine {
      selected = ThisMachine.hosts(in: policy)
      guard selected.count == 1 else {
        throw ValidationError(
          "this machine has the addresses of \(selected.count == 0 ? "no host" : "several hosts") of the inventory; "
            + "say which it is: --local --host NAME, or ask others: --lab, --host SELECTOR")
      }
    } else {
      selected =
        try options.host.map { try HostSelector(text: $0).select(policy) }
        ?? policy.hosts.indices.map { HostID($0) }
    }
    let owners = Dictionary(
      uniqueKeysWithValues: policy.hosts.flatMap { host in host.addresses.map { ($0, host.name) } })
    return selected.map { id in
      let host = policy[id]
      let index = policies.assignment[id.index]
      let table = tables[index] ?? compiler.compile(policies.distinct[index])
      tables[index] = table
      return (
        HostIdentity(host: host.name, addresses: host.addresses, owners: owners), table, host.ssh ?? host.name
      )
    }
  }

  /// What a compile wrote.
  private func compiled(_ path: String, _ remarks: inout [String]) throws -> [Wanted] {
    let directory = OutputDirectory(path)
    let manifest = try directory.manifest()
    if let remark = manifest.remarkOnParts(path) { remarks.append(remark) }
    let selectable = manifest.selectableHosts
    let selected = try options.host.map { text in
      try HostSelector(text: text).select(selectable) { name in
        manifest.notCompiled.contains(name)
          ? "\(path) holds no ruleset of '\(name)': it was compiled in part; compile that host too" : nil
      }
    }
    var addresses: [String: [Address]] = [:]
    var owners: [Address: String] = [:]
    for (name, entry) in manifest.hosts {
      let own = entry.addresses.compactMap { try? Address(parsing: $0) }
      addresses[name] = own
      for address in own { owners[address] = name }
    }
    return try (selected ?? Array(selectable.indices)).compactMap { index in
      let name = selectable[index].name
      guard let entry = manifest.hosts[name] else { return nil }
      let identity = HostIdentity(host: name, addresses: addresses[name] ?? [], owners: owners)
      return (identity, try table(of: name, in: directory, manifest), entry.ssh)
    }
  }

  private func table(of host: String, in directory: OutputDirectory, _ manifest: Manifest) throws -> Table {
    try OneTable.read(try directory.json(of: host, manifest), host)
  }
}

/// The ruleset of a host is one table: of none or several, the rest would be left out in silence.
struct OneTable: Error, CustomStringConvertible {
  let host: String
  var description: String { "the ruleset of \(host) is not one table; compile again" }

  static func read(_ json: [UInt8], _ host: String) throws -> Table {
    let tables = try Table.tables(fromJSON: json)
    guard tables.count == 1 else { throw OneTable(host: host) }
    return tables[0]
  }
}
