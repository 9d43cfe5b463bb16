internal import Addressing
internal import AgentProtocol
internal import ArgumentParser
internal import Diagnostics
internal import Operations
internal import Policy

struct QuarantineCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "quarantine",
    abstract: "Have all other hosts refuse a host at once.",
    usage: """
      sekisho quarantine <host> ... --why <reason> [--for <duration>]
      sekisho quarantine <host> ... --release [--why <reason>]
      """,
    discussion: """
      Every other host lets nothing begin that comes from HOST or goes to it, whatever flows and modes say, and ends the \
      sessions that it has with it; gateways forward nothing of it. Nothing is compiled: each host takes HOST's addresses \
      into a set that its rules ask. It lasts over applies, trials and boots until its time is over or --release ends it. \
      HOST itself is not asked: whoever is root there would undo it, and people have to get in. A direction that a host \
      leaves alone refuses nobody, and the answer says so.

        sekisho quarantine web-3 --why "INC-12, a shell on it" --for 4h
        sekisho quarantine web-3 --release
        sekisho quarantine 203.0.113.7 --why "INC-12" --host edge
        sudo sekisho quarantine web-3 --why "INC-12" --local --host db-1

      HOST is a host, a group or a zone of the inventory, or an address. A host that cannot be asked holds up no other, \
      and is named. Those from which hosts are managed are refused only with --allow-lockout.

      A host that is stopped refuses nobody before it is started, and counts as done.

      Exit codes: 0 done, 1 a host could not be asked or has sessions that go on, 6 somebody could not log in afterwards.
      """)

  @Argument(
    help: ArgumentHelp("A host, a group, a zone or an address.", valueName: "host"),
    completion: Completions.selector)
  var quarantined: [String]

  @Option(
    name: .customLong("for"),
    help: ArgumentHelp(
      "How long, as in 90s or 4h (at most 30 days); without it until --release.", valueName: "duration"))
  var time: TimeLimit?

  @Option(help: ArgumentHelp("Why, for the history of the hosts.", valueName: "reason"))
  var why: String?

  @Flag(help: "Let it take part again.")
  var release = false

  @Option(
    help: ArgumentHelp(
      "Refuse this host or address even where others are managed from it. May be given several times.",
      valueName: "host"))
  var allowLockout: [String] = []

  @OptionGroup var hosts: TrialHosts
  @OptionGroup var output: OutputOptions

  func validate() throws {
    try requireTellable(why: why)
    try hosts.requireInventory()
    if release {
      if time != nil {
        throw ValidationError("--release is at once: --for says how long somebody is refused")
      }
    } else if why?.isEmpty ?? true {
      throw ValidationError("--why is needed: whoever finds it wants to know")
    }
    if let seconds, !QuarantineHosts.possibleSeconds.contains(seconds) {
      throw ValidationError("--for takes 10 s to 30 days; without it, it lasts until --release")
    }
  }

  private var seconds: Int? { time.map { Int($0.duration.components.seconds) } }

  func answer(_ console: Console) async throws -> Answer {
    let loaded = try LoadedPolicy(hosts.inventory.inventory)
    let refused = try Refused(quarantined, in: loaded.policy)
    if !release { try refused.requireManagement(loaded.policy, allowed: allowLockout) }
    var request = hosts.targets.request
    if request.host == nil, !request.isLab { request.host = "all" }
    let found = try TargetFinder(
      options: request, inventory: hosts.inventory.inventory, requiresGuards: false
    ).find()
    let others = Targets(
      // Whoever has let somebody refuse himself, by whatever way, is to be freed too.
      hosts: found.hosts.filter { release || !refused.owners.contains($0.name) }, all: found.all,
      inventory: found.inventory, remarks: found.remarks, isLab: found.isLab)
    if others.hosts.isEmpty { throw ValidationError("no other host is there to refuse it") }
    let watch = WaitingLine(console)
    if release {
      let question = ReleaseHosts(refused.peers.map(\.address), why: why)
      let replies = await HostReply.asking(each: others, watch: watch) { try await question.asked(of: $0) }
      return TrialAnswer.of(replies, "released") { released in
        released.addresses.isEmpty
          ? "had not refused it" : "has \(refused.words(of: released.addresses)) in quarantine no more"
      }
    }
    let question = QuarantineHosts(
      refused.peers, seconds: seconds, why: why ?? "",
      lockedOut: refused.peers.filter { refused.allows($0, allowLockout) }.map(\.address))
    let replies = await HostReply.asking(each: others, watch: watch) { try await question.asked(of: $0) }
    var answer = TrialAnswer.of(replies, "quarantined") { quarantined in
      let cut = quarantined.cut
      let ended =
        cut.sessions == 0 ? [] : ["\(counted(cut.sessions, "session")) ended (\(cut.flowWords))"]
      if quarantined.isWaiting == true {
        return "is stopped, and refuses \(refused.words) \(quarantined.end) once it is started"
      }
      return (["refuses \(refused.words) \(quarantined.end)"] + ended + CutReport.leftWords(cut))
        .joined(separator: "; ")
    }
    answer.parts += loaded.policy.directionsLeftAlone(at: replies.map(\.host)).map { host, directions in
      .remark(
        "\(host) leaves its \(conjoined(directions.map(\.rawValue))) alone, and refuses nobody there: it has no rules that could"
      )
    }
    let done = replies.compactMap { try? $0.result.get() }.filter { $0.isWaiting != true }
    if replies.count > 1, let last = done.max(by: { $0.until ?? .max < $1.until ?? .max }) {
      let sessions = done.reduce(0) { $0 + $1.cut.sessions }
      answer.parts.append(
        .summary(
          "\(done.count) of \(counted(replies.count, "host")) refuse \(refused.words) \(last.end); \(counted(sessions, "session")) ended"
        ))
    }
    let failures = replies.compactMap { reply in
      if case .failure(let error) = reply.result { (error as? AgentFailure)?.code } else { nil }
    }
    if !failures.isEmpty, failures.allSatisfy({ $0 == .lockout }) { answer.exitCode = .lockedOut }
    if replies.contains(where: { (try? $0.result.get())?.cut.isComplete == false }) {
      answer.exitCode = .failed
    }
    return answer
  }
}

extension QuarantinedHosts {
  /// When it ends.
  fileprivate var end: String { until.map { "until \(Timestamp(seconds: $0))" } ?? "until --release" }
}

struct ReleaseCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "release",
    abstract: "Let go whom tripwires have cut off.",
    usage: "sekisho release [<options>] --why <reason> <host> ...",
    discussion: """
      A tripwire of the inventory has hosts refuse whoever knocks on their closed doors, for the time that it says. This \
      ends it at once, on all hosts or those of --host, and forgets what he has knocked on, so that the next closed door is \
      his first. `sekisho status` and `sekisho denied` name who is cut off. Whoever is in quarantine stays there \
      (`sekisho quarantine --release`).

        sekisho release web-3 --why "our own scanner"
        sekisho release 10.20.1.11 --why "INC-14 is closed" --host "db & ams"
        sudo sekisho release web-3 --why "a wrong port" --local --host db-1

      HOST is a host, a group or a zone of the inventory, or an address. A host that cannot be asked holds up no other, \
      and is named.

      Exit codes: 0 done, also where nobody was cut off, 1 a host could not be asked.
      """)

  @Argument(
    help: ArgumentHelp("A host, a group, a zone or an address.", valueName: "host"),
    completion: Completions.peer)
  var released: [String]

  @Option(help: ArgumentHelp("Why, for the history of the hosts.", valueName: "reason"))
  var why: String

  @OptionGroup var hosts: TrialHosts
  @OptionGroup var output: OutputOptions

  func validate() throws {
    try requireTellable(why: why)
    if why.isEmpty { throw ValidationError("--why is needed: whoever finds it wants to know") }
    if hosts.targets.from != nil {
      throw ValidationError("--from is of no use here: who is who is told by the inventory (--inventory)")
    }
  }

  func answer(_ console: Console) async throws -> Answer {
    let loaded = try LoadedPolicy(hosts.inventory.inventory)
    let meant = try Refused(released, in: loaded.policy)
    var request = hosts.targets.request
    if request.host == nil, !request.isLab { request.host = "all" }
    let found = try TargetFinder(
      options: request, inventory: hosts.inventory.inventory, requiresGuards: false
    ).find()
    let question = ReleaseTripped(meant.peers, why: why)
    let replies = await HostReply.asking(each: found, watch: WaitingLine(console)) {
      try await question.asked(of: $0)
    }
    return TrialAnswer.of(replies, "released") { released in
      released.addresses.isEmpty
        ? "had not cut it off" : "lets \(meant.words(of: released.addresses)) go, and forgets its knocks"
    }
  }
}

/// Whom others are to refuse, or to refuse no more.
private struct Refused {
  /// Names of the inventory.
  let hosts: [String]
  /// Whoever has one of the addresses, or may carry it, by the inventory.
  let owners: Set<String>
  let peers: [QuarantineHosts.Peer]
  private let named: [String]

  /// - Throws: ``Operations/Misuse`` for what is neither an address nor selects hosts.
  init(_ words: [String], in policy: Policy) throws {
    var hosts: [String] = []
    var peers: [QuarantineHosts.Peer] = []
    var carriers: Set<HostID> = []
    for word in words {
      if let given = try? Address(parsing: word) {
        let address = given.ipv4Mapped ?? given
        if let obstacle = QuarantineHosts.obstacle(to: address) { throw Misuse(obstacle) }
        let owner = policy.hosts.first { $0.addresses.contains(address) }?.name
        let virtual = policy.virtuals.first { $0.addresses.contains(address) }
        if let virtual { carriers.formUnion(virtual.carriers) }
        peers.append(QuarantineHosts.Peer(address, host: owner ?? virtual?.name))
        continue
      }
      if let virtual = policy.virtuals.first(where: { $0.name == word }) {
        hosts.append(virtual.name)
        carriers.formUnion(virtual.carriers)
        peers += virtual.addresses.map { QuarantineHosts.Peer($0, host: virtual.name) }
        continue
      }
      for id in try HostSelector(text: word, option: "HOST").select(policy) {
        hosts.append(policy[id].name)
        peers += policy[id].addresses.map { QuarantineHosts.Peer($0, host: policy[id].name) }
      }
    }
    self.hosts = hosts
    owners = Set(peers.map(\.host)).union(carriers.map { policy[$0].name })
    self.peers = peers.reduce(into: []) { unique, peer in
      if !unique.contains(where: { $0.address == peer.address }) { unique.append(peer) }
    }
    named = words
    if self.peers.count > QuarantineHosts.most {
      throw Misuse("a host cannot refuse more than \(QuarantineHosts.most) addresses")
    }
  }

  var words: String { listed(named) }

  func words(of addresses: [Address]) -> String {
    let names = addresses.map { address in
      peers.first { $0.address == address && !$0.host.isEmpty && hosts.contains($0.host) }?.host
        ?? "\(address)"
    }
    return listed(names.reduce(into: []) { if !$0.contains($1) { $0.append($1) } })
  }

  /// Whether somebody has said of whoever has an address that he is refused even where others are managed from there.
  func allows(_ peer: QuarantineHosts.Peer, _ allowed: [String]) -> Bool {
    allowed.contains("\(peer.address)") || !peer.host.isEmpty && allowed.contains(peer.host)
      || allowed.contains { named.count == 1 && $0 == named[0] }
  }

  /// - Throws: ``Refusal`` where others are managed from one of them.
  func requireManagement(_ policy: Policy, allowed: [String]) throws {
    if let stranger = allowed.first(where: { !named.contains($0) && !hosts.contains($0) }) {
      throw ValidationError("--allow-lockout names \(stranger), which is not to be refused")
    }
    let flows = policy.managementFlows(at: .current())
    let managing = peers.filter { peer in
      !allows(peer, allowed) && flows.contains { policy.isSource(peer.address, of: $0) }
    }
    guard let first = managing.first else { return }
    let names = managing.map { $0.host.isEmpty ? "\($0.address)" : $0.host }
      .reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
    let flow = flows.first { policy.isSource(first.address, of: $0) }?.name ?? ""
    let override = names.map { "--allow-lockout \($0)" }.joined(separator: " ")
    throw Refusal(
      .lockout, "hosts are managed from \(listed(names)) (flow \(flow)); nothing was done",
      remedy: "give \(override) where there is another way in, such as a console")
  }
}

extension Policy {
  /// Of some hosts those that have a direction without rules, in order of name.
  fileprivate func directionsLeftAlone(at names: [String]) -> [(host: String, directions: [Direction])] {
    let names = Set(names)
    return hosts.filter { names.contains($0.name) }.compactMap { host in
      let left = [Direction.ingress, .egress].filter { host.modes[$0] == .leave }
      return left.isEmpty ? nil : (host.name, left)
    }
  }

  fileprivate func isSource(_ address: Address, of flow: Flow) -> Bool {
    flow.parts.contains { self[$0.from].addresses.contains(address) }
  }
}
