internal import Addressing
package import AgentProtocol
internal import Artifacts
package import Diagnostics
package import Fleet
package import HostAgent
internal import Lab
internal import Machine
package import Nftables
internal import Policy
internal import RulesetCompiler

/// Which hosts are meant, and how they are reached.
package struct TargetRequest: Sendable {
  /// This machine, which is the host that ``host`` names.
  package var isLocal: Bool
  /// The hosts of the lab.
  package var isLab: Bool
  /// A selector of hosts; `nil`: none are named.
  package var host: String?
  /// What a compile wrote, in place of the inventory.
  package var from: String?
  /// How long hosts may keep us waiting.
  package var patience: Patience

  package init(isLocal: Bool, isLab: Bool, host: String?, from: String?, patience: Patience) {
    self.isLocal = isLocal
    self.isLab = isLab
    self.host = host
    self.from = from
    self.patience = patience
  }
}

/// A host with the table it should have and the way to its agent.
package struct Target: Sendable {
  package let name: String
  package let wanted: Table
  package let reach: Reach
  package let identity: HostIdentity
  /// What a change of it comes with.
  package var signed: SignedIndex?

  /// The way to the agent.
  package enum Reach: Sendable {
    /// By an agent in this process, which is made when it is needed.
    case here(@Sendable () throws -> AgentHere)
    case through(AgentTransport)
  }

  /// How long the host may keep us waiting.
  package let patience: Patience

  package init(name: String, wanted: Table, reach: Reach, identity: HostIdentity, patience: Patience) {
    self.name = name
    self.wanted = wanted
    self.reach = reach
    self.identity = identity
    self.patience = patience
  }

  /// Asks the host's agent, once it is known to be this host's and to be able to answer.
  ///
  /// - Parameter needs: what will be asked.
  /// - Throws: ``AgentProtocol/AgentFailure``, `.wrongHost` among them.
  package func ask<Answer: Sendable>(
    _ needs: [any AgentRequest.Type],
    _ question: @escaping @Sendable (any Agent) async throws -> Answer
  ) async throws -> Answer {
    try await ask(needs) { agent, _ in try await question(agent) }
  }

  /// The same, with what the machine has said of itself.
  package func ask<Answer: Sendable>(
    _ needs: [any AgentRequest.Type],
    _ question: @escaping @Sendable (any Agent, Greeting) async throws -> Answer
  ) async throws -> Answer {
    switch reach {
    case .here(let makeAgent):
      let agent = try makeAgent()
      let greeting = try agent.answer(Hello())
      try identity.check(greeting)
      return try await question(agent, greeting)
    case .through(let transport):
      return try await AgentSession.run(transport, needing: needs, version: toolVersion, patience: patience) {
        [identity] agent, greeting in
        try identity.check(greeting)
        return try await question(agent, greeting)
      }
    }
  }
}

/// The hosts a command works on.
package struct Targets: Sendable {
  package let hosts: [Target]
  /// The names of all hosts that the source knows, asked for or not.
  package let all: Set<String>
  /// What their rulesets are compiled from; `nil`: a directory holds what was compiled.
  package let inventory: LoadedPolicy?
  /// What there is to say of where their rulesets come from.
  package let remarks: [String]
  /// Whether they are of the lab, where nobody logs in.
  package let isLab: Bool

  package init(
    hosts: [Target], all: Set<String>, inventory: LoadedPolicy?, remarks: [String] = [], isLab: Bool = false
  ) {
    self.hosts = hosts
    self.all = all
    self.inventory = inventory
    self.remarks = remarks
    self.isLab = isLab
  }

  /// Some of them, by name.
  package func only(_ names: [String]) -> Targets {
    Targets(
      hosts: hosts.filter { names.contains($0.name) }, all: all, inventory: inventory, remarks: remarks,
      isLab: isLab)
  }

  /// The files of the inventory, for places that a user can open.
  package var sources: Sources { inventory?.sources ?? Sources(files: []) }
}

/// Finds the hosts a command works on and what each of them should have.
package struct TargetFinder {
  package let options: TargetRequest
  package let inventory: String
  /// Whether a command that names no host means this machine, found by its addresses; else it is an
  /// error: a change never goes to hosts that nobody named.
  package let defaultsToThisMachine: Bool
  /// Whether an inventory whose guards do not hold is refused: what rests on its names alone does not wait for them.
  package let requiresGuards: Bool

  package init(
    options: TargetRequest, inventory: String, defaultsToThisMachine: Bool = false,
    requiresGuards: Bool = true
  ) {
    self.requiresGuards = requiresGuards
    self.options = options
    self.inventory = inventory
    self.defaultsToThisMachine = defaultsToThisMachine
  }

  /// - Throws: ``Misuse``, ``InventoryMistakes``, ``GuardsBroken``, or what files and the lab throw.
  package func find() throws -> Targets {
    let isUnnamed = options.host == nil && !options.isLab
    if isUnnamed, !defaultsToThisMachine {
      throw Misuse(
        "say which hosts: --local --host NAME, --lab, or --host SELECTOR (--host all: by ssh)")
    }
    if isUnnamed, options.from != nil { throw Misuse("with --from, say which host: --host NAME") }
    let loaded = options.from == nil ? try LoadedPolicy(inventory) : nil
    if requiresGuards { try loaded?.requireGuards() }
    var remarks: [String] = []
    let (wanted, all) =
      if let loaded {
        try compiling(loaded.policy, thisMachine: isUnnamed)
      } else {
        try compiled(options.from ?? "", &remarks)
      }
    let lab = options.isLab ? try Lab.running() : nil
    if options.isLocal || isUnnamed {
      guard wanted.count == 1 else {
        throw Misuse("--host selects \(wanted.count) hosts; this machine is one of them: name it")
      }
      // One for all that is asked: it knows what it has read.
      let agent = try ThisMachine.agent()
      return Targets(
        hosts: [target(wanted[0], .here { agent })], all: all,
        inventory: loaded, remarks: remarks,
        isLab: options.isLab)
    }
    let hosts = try wanted.map { host in
      guard let lab else { return target(host, .through(host.way)) }
      let command = try lab.execPrefix(host.identity.host) + [try Lab.ownExecutable(), "agent"]
      return target(host, .through(AgentTransport(command: command)))
    }
    return Targets(
      hosts: hosts, all: all, inventory: loaded, remarks: remarks,
      isLab: options.isLab)
  }

  private typealias Wanted = (identity: HostIdentity, table: Table, way: AgentTransport)
  /// Beside those that are wanted, the names of all hosts that addresses are known of.
  private typealias Found = (wanted: [Wanted], all: Set<String>)

  private func target(_ wanted: Wanted, _ reach: Target.Reach) -> Target {
    Target(
      name: wanted.identity.host, wanted: wanted.table, reach: reach, identity: wanted.identity,
      patience: options.patience)
  }

  /// - Parameters:
  ///   - transport: the words of the host's own; `nil`: it has none.
  ///   - ssh: what ssh is told to connect to.
  private func way(_ transport: [String]?, _ ssh: String) -> AgentTransport {
    transport.map { .prefixed($0, host: ssh, options.patience) } ?? .ssh(ssh, options.patience)
  }

  private func compiling(_ policy: Policy, thisMachine: Bool) throws -> Found {
    let policies = HostPolicies(policy)
    let compiler = RulesetCompiler(policy, policies)
    var tables: [Int: Table] = [:]
    let selected: [HostID]
    if thisMachine {
      selected = ThisMachine.hosts(in: policy)
      guard selected.count == 1 else {
        throw Misuse(
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
    let virtuals = Dictionary(
      policy.virtuals.flatMap { virtual in virtual.addresses.map { ($0, virtual.name) } },
      uniquingKeysWith: { first, _ in first })
    let carried = policy.carried
    let wanted = selected.map { id -> Wanted in
      let host = policy[id]
      let index = policies.assignment[id.index]
      let table = tables[index] ?? compiler.compile(policies.distinct[index])
      tables[index] = table
      return (
        HostIdentity(
          host: host.name, addresses: host.addresses, owners: owners, virtuals: virtuals,
          carried: carried[id.index]), table, way(host.transport, host.ssh ?? host.name)
      )
    }
    return (wanted, Set(policy.hosts.lazy.filter { !$0.addresses.isEmpty }.map(\.name)))
  }

  /// What a compile wrote.
  private func compiled(_ path: String, _ remarks: inout [String]) throws -> Found {
    let directory = OutputDirectory(path)
    let manifest = try directory.manifest()
    if let remark = manifest.remarkOnParts(path) { remarks.append(remark) }
    let selectable = manifest.selectableInNoOrder
    let selected = try options.host.map { text in
      let places = try HostSelector(text: text).select(selectable) { name in
        manifest.notCompiled.contains(name)
          ? "\(path) holds no ruleset of '\(name)': it was compiled in part; compile that host too" : nil
      }
      return places.map { selectable[$0].name }
    }
    var addresses: [String: [Address]] = [:]
    var owners: [Address: String] = [:]
    addresses.reserveCapacity(manifest.hosts.count)
    // Mostly one of each family.
    owners.reserveCapacity(2 * manifest.hosts.count)
    var all = Set<String>(minimumCapacity: manifest.hosts.count)
    for (name, entry) in manifest.hosts {
      let own = entry.addresses.compactMap { try? Address(parsing: $0) }
      addresses[name] = own
      if !own.isEmpty { all.insert(name) }
      for address in own { owners[address] = name }
    }
    var virtuals: [Address: String] = [:]
    var carried: [String: [Address]] = [:]
    let carriers = manifest.hosts.filter { !$0.value.virtual.isEmpty }
    for (name, entry) in carriers.sorted(by: { $0.key < $1.key }) {
      let own = entry.virtual.compactMap { try? Address(parsing: $0) }
      carried[name] = own
      // What they are called is not written: the first who may have it stands for all.
      for address in own where virtuals[address] == nil { virtuals[address] = name }
    }
    let wanted = try (selected ?? selectable.map(\.name)).sorted().compactMap { name -> Wanted? in
      guard let entry = manifest.hosts[name] else { return nil }
      let identity = HostIdentity(
        host: name, addresses: addresses[name] ?? [], owners: owners, virtuals: virtuals,
        carried: carried[name] ?? [])
      return (identity, try table(of: name, in: directory, manifest), way(entry.transport, entry.ssh))
    }
    return (wanted, all)
  }

  private func table(of host: String, in directory: OutputDirectory, _ manifest: Manifest) throws -> Table {
    try OneTable.read(try directory.json(of: host, manifest), host)
  }
}

/// The ruleset of a host is one table: of none or several, the rest would be left out in silence.
package struct OneTable: Error, CustomStringConvertible {
  package let host: String
  package var description: String { "the ruleset of \(host) is not one table; compile again" }

  package static func read(_ json: [UInt8], _ host: String) throws -> Table {
    let tables = try Table.tables(fromJSON: json)
    guard tables.count == 1 else { throw OneTable(host: host) }
    return tables[0]
  }
}
