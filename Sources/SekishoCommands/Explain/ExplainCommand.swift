internal import Addressing
internal import ArgumentParser
internal import Explanation
internal import Glibc
internal import Nftables
internal import Operations
internal import Policy

struct ExplainCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Say whether a connection is allowed, and why, at every hop.",
    usage: """
      sekisho explain [<options>] <from> <to> <service>
      sekisho explain [<options>] --batch <file>
      """,
    discussion: """
      FROM and TO are hosts, networks, virtual addresses or addresses; SERVICE is a service of the inventory, or tcp/443, \
      icmp/echo-request, esp. The first packet is sent through the compiled ruleset of every managed \
      host on its way. A network is asked about by one address of every part of it that rulesets tell \
      apart; where these are not answered alike, the verdict is "in part".

        sekisho explain web-1 db-1 postgres
        sekisho explain 203.0.113.7 web-1 tcp/443
        sekisho explain --batch questions.jsonl

      A line of a batch is {"from": "web-1", "to": "10.20.3.11", "protocol": "tcp", "port": 5432}; its \
      answer is a line with "verdict": "allowed" or "denied", or with "error", also where one part of a \
      network is allowed and another denied. ICMP takes its type as port, by number or \
      name.

      With --local, --lab or --host the hosts that are named are asked as well what tables of others lead elsewhere of \
      it, as those of container engines do, whether they refuse one of its ends (quarantine, tripwires), and whether they have it open for a time (open):

        sudo sekisho explain web-1 db-1 tcp/8080 --local --host db-1

      Exit codes: 0 whatever the verdict, 1 a host could not be asked.
      """)

  @OptionGroup var inventory: InventoryOptions
  @OptionGroup var targets: TargetOptions
  @OptionGroup var output: OutputOptions

  @Option(help: ArgumentHelp("Answer the JSON lines of a file; - is standard input.", valueName: "file"))
  var batch: String?

  @Argument(help: "Where the connection comes from.", completion: Completions.peer)
  var from: String?
  @Argument(help: "Where it goes.", completion: Completions.peer)
  var to: String?
  @Argument(help: "What it asks for.", completion: Completions.service)
  var service: String?

  func validate() throws {
    let given = [from, to, service].compactMap { $0 }.count
    if batch == nil, given < 3 { throw ValidationError("FROM, TO and SERVICE are needed, or --batch FILE") }
    if batch != nil, given > 0 { throw ValidationError("--batch takes its questions from a file alone") }
    if batch != nil, asksHosts { throw ValidationError("--batch asks no hosts") }
    if targets.from != nil { throw ValidationError("--from knows no flows; give the inventory") }
  }

  private static func isLoopback(_ address: Address) -> Bool {
    Prefix.ipv4Loopback.contains(address) || Prefix.ipv6Loopback.contains(address)
  }

  private var asksHosts: Bool { targets.local || targets.lab || targets.host != nil }

  var answersInLines: Bool { batch != nil }

  var worksAlone: Bool { batch == nil && !asksHosts }

  func answer(_ console: Console) async throws -> Answer {
    let loaded = try LoadedPolicy(inventory.inventory)
    let policies = HostPolicies(loaded.policy)
    var explainer = PathExplainer(loaded.policy, policies)
    if let batch {
      let batches = BatchExplainer(policy: loaded.policy, policies: policies, explainer: explainer)
      // They are too many to be kept until the last is known.
      try await batches.answer(batch) { try console.write($0) }
      return Answer()
    }
    guard let from, let to, let service else { return Answer() }
    let parts = AddressParts(loaded.policy, policies)
    let source = try Endpoint(from, in: loaded.policy, divided: parts.representatives)
    let destination = try Endpoint(to, in: loaded.policy, divided: parts.representatives)
    let asked = try AskedService(service, in: loaded.policy)
    let now = Timestamp(seconds: Int64(time(nil)))
    var answers: [(Connection, PathExplanation)] = []
    func pairs(from source: Endpoint) throws -> [(from: Address, to: Address)] {
      Array(try Endpoint.pairs(source, destination) { explainer.owner(of: $0) }.joined())
    }
    var ways = try pairs(from: source).map { (pair: $0, sender: HostID?.none) }
    // A host that may carry a virtual address asks from that one as well.
    if let sender = loaded.policy.host(named: from), from != to,
      let carried = Endpoint(carriedBy: sender, in: loaded.policy)
    {
      ways += try pairs(from: carried).filter { $0.from != $0.to }.map { ($0, sender) }
    }
    for term in asked.terms {
      for (pair, sender) in ways {
        for connection in term.connections(from: pair.from, to: pair.to) {
          // To such an address a host talks to itself (RFC 1122, 3.2.1.3; RFC 4291, 2.5.3). As a source it may be forged.
          let staysInside =
            !destination.isNetwork && Self.isLoopback(pair.to)
            && (sender ?? explainer.owner(of: pair.from)) != nil
          var explanation = staysInside ? .loopback : explainer.explain(connection, from: sender, now: now)
          if !explanation.isLoopback { explanation.beside = explainer.beside(connection, now: now) }
          answers.append((connection, explanation))
        }
      }
    }
    // To such an address a host talks to itself, whichever addresses it has else.
    if answers.isEmpty, loaded.policy.host(named: from) != nil, !destination.isNetwork {
      for address in destination.parts.joined() where Self.isLoopback(address) {
        let connections = asked.terms.flatMap { $0.connections(from: address, to: address) }
        answers += connections.map { ($0, .loopback) }
      }
    }
    if answers.isEmpty {
      throw ValidationError("\(from) and \(to) have no address family in common for \(service)")
    }
    var report = ExplanationReport(policy: loaded.policy, sources: loaded.sources, answers: answers)
    if asksHosts {
      var request = targets.request
      if request.host == nil {
        let onTheWay = Set(answers.flatMap { $0.1.hops.map(\.host) }).sorted().map { loaded.policy[$0].name }
        if onTheWay.isEmpty { throw ValidationError("no host of the inventory is on the way") }
        request.host = onTheWay.joined(separator: ", ")
      }
      let found = try TargetFinder(
        options: request, inventory: inventory.inventory, requiresGuards: false
      ).find()
      report.running = await HostFacts.of(found, watch: WaitingLine(console))
    }
    return report.answer(to: "\(from) → \(to) \(service)")
  }
}
