internal import Addressing
internal import AgentProtocol
internal import ArgumentParser
internal import ConnectionDiff
internal import Fleet
internal import HostAgent
internal import Machine
internal import Nftables
internal import Policy

struct ReadCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "read",
    abstract: "Show a ruleset, and which connections it lets pass.",
    usage: "sekisho read [<options>] [<file>]",
    discussion: """
      Reads all tables of this machine, of the hosts that are named, or of a file in the JSON of nft, whoever \
      wrote them. --allows tells which new connections they let pass together, in each direction: verdicts of \
      tables combine by AND, sets and jumps are followed, and what depends on more than the connection is told \
      apart. So does --json, for programs; without --allows it is the ruleset itself.

        sekisho read                               this machine's tables
        sudo sekisho read --allows                 what they let pass
        nft -j list ruleset | sekisho read - --allows
        sekisho read --allows --host "db, worker"  of hosts reached by ssh

      To see what changes when such a host gets the ruleset of the inventory: sekisho diff FILE inventory --host NAME.

      Exit codes: 0 done, 1 a ruleset could not be read.
      """)

  @Argument(
    help: ArgumentHelp(
      "A file in the JSON of nft, as of nft -j list ruleset; - is standard input.", valueName: "file"))
  var file: String?

  @Flag(help: "Tell which connections pass.")
  var allows = false

  @Option(
    name: [.customShort("i"), .long],
    help: ArgumentHelp(
      "Directory or file of the inventory whose names are told (default: inventory, where hosts are named).",
      valueName: "dir"))
  var inventory: String?

  @OptionGroup var targets: TargetOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if file != nil, targets.local || targets.lab || targets.host != nil || targets.from != nil {
      throw ValidationError("a file is read, or hosts are; not both")
    }
    if targets.from != nil {
      throw ValidationError("--from is what a compile wrote: sekisho read DIR/HOST.json")
    }
  }

  func answer(_ console: Console) async throws -> Answer {
    let report = ReadReport(rulesets: try await rulesets(), tellsAllowed: allows)
    return try report.answer(asJSON: output.json)
  }

  private func rulesets() async throws -> [ReadRuleset] {
    if let file {
      let names = try inventory.map { try LoadedPolicy($0).policy }
      let listing = try RulesetFile.listing(file)
      return [
        ReadRuleset(
          name: file, own: nil, names: names, tables: .success(listing.tables), remarks: listing.remarks)
      ]
    }
    if inventory == nil, targets.host == nil, !targets.lab {
      let agent = try ThisMachine.agent()
      let tables = Result<[Table], any Error> { try agent.answer(Read()).tables }
      // A machine without addresses, such as a namespace that was just made, is asked about any.
      let own = ThisMachine.addresses.filter { !$0.isLoopback }
      return [
        ReadRuleset(name: "this machine", own: own.isEmpty ? nil : own, names: nil, tables: tables)
      ]
    }
    let found = try TargetFinder(
      options: targets, inventory: inventory ?? "inventory", defaultsToThisMachine: true
    ).find()
    let answers = await concurrently(found.hosts) { target in
      try await target.ask([Read.self]) { agent in try await agent.ask(Read()).tables }
    }
    return zip(found.hosts, answers).map { target, tables in
      ReadRuleset(
        name: target.name, own: target.identity.addresses, names: found.inventory?.policy,
        tables: tables)
    }
  }
}

/// A ruleset, and what is known of whose it is.
struct ReadRuleset {
  let name: String
  /// The host's addresses; `nil`: not known.
  let own: [Address]?
  /// Whose names are told.
  let names: Policy?
  let tables: Result<[Table], any Error>
  /// What there is to say of them.
  var remarks: [String] = []

  var isFailure: Bool { if case .failure = tables { true } else { false } }

  /// What passes, direction by direction.
  ///
  /// - Throws: ``ConnectionSpace/NotProven``.
  func allowed() throws -> [AllowedConnections] {
    let tables = try tables.get()
    return try Direction.allCases.map { direction in
      try AllowedConnections(tables, direction, own: own, names: names, at: .current())
    }
  }
}

extension Address {
  /// 127.0.0.0/8, ::1
  fileprivate var isLoopback: Bool {
    Prefix.ipv4Loopback.contains(self) || Prefix.ipv6Loopback.contains(self)
  }
}
