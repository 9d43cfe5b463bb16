internal import Addressing
internal import ArgumentParser
internal import ConnectionDiff
internal import Glibc
internal import Operations
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
        sekisho read --allows --in eth1            of what comes by one link
        sekisho read dump.json --allows --host db  of a file, which is db's

      --ask FROM TO SERVICE sends one connection through every base chain on its way and tells which rule decides; \
      FROM and TO are addresses, or hosts of the inventory:

        sekisho read --ask 203.0.113.7 10.20.1.11 tcp/443
        sekisho read dump.json --ask 203.0.113.7 10.20.1.11 tcp/443 --in eth0

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
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Tell what becomes of one connection: FROM TO SERVICE.", valueName: "from to service"))
  var ask: [String] = []

  @Option(name: .customLong("in"), help: ArgumentHelp("Of packets that come by this link.", valueName: "if"))
  var input: String?

  @Option(name: .customLong("out"), help: ArgumentHelp("Of packets that go by this link.", valueName: "if"))
  var outgoing: String?

  @Option(
    name: [.customShort("i"), .long],
    help: ArgumentHelp(
      "Directory or file of the inventory whose names are told (default: inventory, where hosts are named).",
      valueName: "dir"))
  var inventory: String?

  @OptionGroup var targets: TargetOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if file != nil, targets.local || targets.lab || targets.from != nil {
      throw ValidationError("a file is read, or hosts are; not both (with --host NAME a file is that host's)")
    }
    if !ask.isEmpty, ask.count != 3 { throw ValidationError("--ask takes FROM, TO and SERVICE") }
    if !ask.isEmpty, allows { throw ValidationError("--ask and --allows are two questions") }
    if input != nil || outgoing != nil, ask.isEmpty, !allows {
      throw ValidationError("--in and --out belong to --allows or --ask")
    }
    if targets.from != nil {
      throw ValidationError("--from is what a compile wrote: sekisho read DIR/HOST.json")
    }
  }

  func answer(_ console: Console) async throws -> Answer {
    let rulesets = try await rulesets(console)
    if !ask.isEmpty {
      let question = try ReadQuestion(ask, names: rulesets.first?.names, links: links(in: rulesets))
      return try question.answer(rulesets)
    }
    let report = ReadReport(rulesets: rulesets, tellsAllowed: allows, links: links(in: rulesets))
    return try report.answer(asJSON: output.json)
  }

  /// Of this machine the numbers of links are known as well, where they lead, and what its kernel does beside.
  private func links(in rulesets: [ReadRuleset]) -> AllowedConnections.Links {
    var indices: [String: UInt32] = [:]
    var exits: [(link: String, destinations: AddressSet)] = []
    let isOfThisMachine = file == nil && targets.host == nil && !targets.lab
    if isOfThisMachine {
      exits = ThisMachine.exits
      for name in [input, outgoing].compactMap({ $0 }) {
        let index = unsafe if_nametoindex(name)
        if index != 0 { indices[name] = index }
      }
    }
    var links = AllowedConnections.Links(input: input, output: outgoing, indices: indices, exits: exits)
    if isOfThisMachine {
      links.kept = ThisMachine.kept
      links.kernel = ThisMachine.kernel(by: input)
    }
    return links
  }

  /// The host of the inventory that a file is of.
  private func host(_ name: String, in policy: Policy) throws -> [Address] {
    guard let host = policy.hosts.first(where: { $0.name == name }) else {
      throw ValidationError("'\(name)' is no host of the inventory")
    }
    return host.addresses
  }

  private func rulesets(_ console: Console) async throws -> [ReadRuleset] {
    if let file {
      let isNamed = inventory != nil || targets.host != nil
      let names = isNamed ? try LoadedPolicy(inventory ?? "inventory").policy : nil
      let own = try targets.host.flatMap { name in try names.map { try host(name, in: $0) } }
      return [try ReadRuleset(file: file, own: own, names: names)]
    }
    if inventory == nil, targets.host == nil, !targets.lab { return [try ReadRuleset.ofThisMachine()] }
    return await ReadRuleset.of(
      try TargetFinder(
        options: targets.request, inventory: inventory ?? "inventory", defaultsToThisMachine: true,
        requiresGuards: false
      ).find(), watch: WaitingLine(console))
  }
}
