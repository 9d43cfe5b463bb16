internal import ArgumentParser
internal import Diagnostics
internal import Fleet
internal import Lab
internal import Operations
internal import Policy
internal import ProbePlan

struct ProbeCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "probe",
    abstract: "Prove with real packets that what passes between hosts is what the policy allows.",
    usage: "sekisho probe [<options>]",
    discussion: """
      Packets are sent from host to host by the agents of both ends, and what becomes of each is held against the policy at \
      every hop: whether it left the sender, crossed a gateway, came to the receiver, and was let in there. Nothing counts \
      as denied because nobody answered: the host that has to stop it was seen to. Of every service's ports the edges and \
      their neighbours are tried, and one that no service has; TCP, UDP, ICMP and other protocols of services, over both \
      families and all addresses. No port is opened for it, and what listens gets a connection that is reset at once, or a \
      datagram of eight bytes.

        sekisho probe --lab
        sekisho probe --host all                  over ssh
        sekisho probe --host "vault, signer"      these, to and from all others
        sekisho probe --host all --junit probe.xml

      Where there is more to try than --whole, every host, flow and edge of a service is tried once, and then as many \
      connections by chance as --samples says, which bound how many of all may deviate.

      A packet that its sender stops is not seen by the receiver: how many each end was seen to deny is told, and how many \
      did not come there.

      Exit codes: 0 all as the policy says, 1 something is not proven, 4 packets and policy disagree.
      """)

  @OptionGroup var inventory: InventoryOptions
  @OptionGroup var output: OutputOptions

  @Flag(help: "The hosts and networks of the lab.")
  var lab = false

  @Option(
    help: ArgumentHelp(
      "These hosts, to and from all others, as in \"api & !api-3, worker\"; by ssh unless --lab.",
      valueName: "selector"))
  var host: String?

  @Option(help: .hidden)
  var from: String?

  @Option(
    help: ArgumentHelp("Of chance: the same number tries the same (default: any).", valueName: "number"))
  var seed: UInt64?

  @Option(
    help: ArgumentHelp("Connections that chance chooses where there are too many.", valueName: "number"))
  var samples = 4603

  @Option(
    help: ArgumentHelp("Up to so many connections all are tried.", valueName: "number"))
  var whole = 20_000

  @Option(help: ArgumentHelp("Attempts that a host begins in a second at most.", valueName: "number"))
  var rate = 500

  @Option(help: ArgumentHelp("Write the outcome as JUnit XML, too.", valueName: "file"))
  var junit: String?

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "Keep the outcome in DIR/probes, by its time; denied, observed and suggest look in build/probes.",
      valueName: "dir"))
  var out = "build"

  @Option(
    help: ArgumentHelp(
      "How long a host may take for an answer, as in 90s or 2m (default: 30s).", valueName: "duration"))
  var timeout: TimeLimit?

  func validate() throws {
    if !lab, host == nil {
      throw ValidationError("say which hosts: --lab, or --host SELECTOR (--host all: by ssh)")
    }
    if from != nil {
      throw ValidationError("--from knows no flows, which packets are held against; give the inventory")
    }
    guard (1...1_000_000).contains(samples), (0...1_000_000).contains(whole) else {
      throw ValidationError("--samples takes 1 to 1000000, --whole 0 to 1000000")
    }
    guard (1...10_000).contains(rate) else { throw ValidationError("--rate takes 1 to 10000 a second") }
  }

  func answer(_ console: Console) async throws -> Answer {
    var patience = Patience()
    if let timeout { patience.answer = timeout.duration }
    let watch = WaitingLine(console)
    let loaded: LoadedPolicy
    let stations: ProbeStations
    if lab {
      loaded = try LoadedPolicy(inventory.inventory)
      stations = try ProbeStations(Lab.running(), of: loaded.policy, patience: patience)
    } else {
      let request = TargetRequest(isLocal: false, isLab: false, host: "all", from: nil, patience: patience)
      let targets = try TargetFinder(
        options: request, inventory: inventory.inventory, requiresGuards: false
      ).find()
      guard let known = targets.inventory else { throw Misuse("probe needs the inventory") }
      loaded = known
      stations = ProbeStations(targets, of: known.policy)
    }
    let began = Timestamp.current()
    let plan = ProbePlan(
      loaded.policy, ends: stations.ends, selected: try selected(of: stations, loaded.policy),
      budget: ProbePlan.Budget(whole: whole, samples: samples),
      seed: seed ?? UInt64.random(in: 0...UInt64(UInt32.max)), now: began)
    if plan.probes.isEmpty {
      throw Misuse("there is nothing to try: no two of the hosts have an address family in common")
    }
    let files = ProbeFiles(directory: out, junit: junit)
    try files.prepare(began)
    let run = await ProbeRun(
      plan, of: loaded.policy, through: stations, now: began, rate: rate, watch: watch)
    let causes = await run.causes(through: stations, watch: watch)
    let report = ProbeReport(
      run: run, policy: loaded.policy, digest: loaded.digest, isLab: lab, causes: causes, began: began,
      ended: .current())
    var answer = report.answer
    for failure in files.write(report) {
      answer.parts.append(.failure("\(failure)"))
      answer.exitCode = answer.exitCode ?? .failed
    }
    return answer
  }

  /// Indices of the ends that are asked about.
  private func selected(of stations: ProbeStations, _ policy: Policy) throws -> Set<Int> {
    guard let host else { return Set(stations.ends.indices) }
    let hosts = Set(try HostSelector(text: host).select(policy))
    return Set(stations.ends.indices.filter { stations.ends[$0].host.map(hosts.contains) ?? false })
  }
}
