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
      host on its way. A host is asked about by each of its addresses, from a carrier by virtual ones as well; a \
      network by one address of every part of it that rulesets tell apart. Where these are not answered \
      alike, the verdict is "in part".

        sekisho explain web-1 db-1 postgres
        sekisho explain 203.0.113.7 web-1 tcp/443
        sekisho explain --batch questions.jsonl

      A line of a batch is {"from": "web-1", "to": "10.20.3.11", "protocol": "tcp", "port": 5432}; its \
      answer is a line with "verdict": "allowed" or "denied", or with "error", also where the verdict of \
      it alone would be "in part". What is denied and passes all the same, since a host only observes or leaves it \
      alone, has "passes": true. ICMP takes its type as port, by number or name.

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
    let connections = try AskedConnections(from: source, to: destination, asked.terms) {
      explainer.owner(of: $0)
    }
    let answers = connections.all.map { one in
      var explanation =
        one.staysInside ? .loopback : explainer.explain(one.connection, from: one.sender, now: now)
      if !explanation.isLoopback { explanation.beside = explainer.beside(one.connection, now: now) }
      return (one.connection, explanation)
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
