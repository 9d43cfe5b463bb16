internal import Addressing
internal import AgentProtocol
internal import ArgumentParser
internal import ConnectionDiff
internal import Operations
internal import Policy

struct SessionsCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "sessions",
    abstract: "List what goes on through hosts, and by which flow.",
    usage: "sekisho sessions [<options>]",
    discussion: """
      Every session that the kernel tracks is judged as the packet that would open it, by the rules in force. Those that the \
      rules do not allow go on where --keep-sessions was given, or where nothing of Sekisho brought the rules; `sekisho \
      cut` ends them.

        sudo sekisho sessions                this machine
        sekisho sessions --host db           over ssh, with the inventory's names
        sekisho sessions --host db --flow app-to-db
        sekisho sessions --denied            only those that the rules do not allow

      Exit codes: 0 done, whatever there is, 1 a host could not be asked.
      """)

  @OptionGroup var hosts: TrialHosts
  @OptionGroup var output: OutputOptions

  @Option(
    help: ArgumentHelp("Only sessions that this flow allows.", valueName: "flow"),
    completion: Completions.flow)
  var flow: String?

  @Flag(help: "Only sessions that the rules do not allow.")
  var denied = false

  func validate() throws {
    if flow != nil, denied {
      throw ValidationError("what a flow allows is not denied: give --flow or --denied")
    }
  }

  func answer(_ console: Console) async throws -> Answer {
    let targets = try hosts.find()
    let names = AddressNames(targets)
    let replies = await HostReply.asking(targets, watch: WaitingLine(console)) { target in
      try await ListSessions().asked(of: target)
    }
    var answer = Answer()
    for reply in replies {
      switch reply.result {
      case .failure(let error):
        answer.parts.append(.failure("\(error)", of: reply.host))
        answer.exitCode = .failed
      case .success(let list): answer.parts += parts(reply.host, list, names)
      }
    }
    answer.data = .document(
      File(hosts: replies.map { File.Host($0, names) { isMeant($0) } }))
    return answer
  }

  private func isMeant(_ group: SessionList.Group) -> Bool {
    if denied { return group.state == .denied }
    return flow.map { $0 == group.flow } ?? true
  }

  private func parts(_ host: String, _ list: SessionList, _ names: AddressNames) -> [Answer.Part] {
    let groups = list.groups.filter(isMeant)
    // Names stand for all addresses of a host.
    var order: [Line] = []
    var counts: [Line: Int] = [:]
    for group in groups {
      let line = Line(group, names)
      if counts[line] == nil { order.append(line) }
      counts[line, default: 0] += group.sessions
    }
    let entries = order.map { line in
      Entry(
        line.isDenied ? .closes : nil, Words(line.ends),
        note: "\(counted(counts[line] ?? 0, "session")), \(line.reason)")
    }
    let count = groups.reduce(0) { $0 + $1.sessions }
    var parts: [Answer.Part] = [
      .chapter(
        Chapter(
          .facts, "\(host, .strong): \(counted(count, "session"))", entries.isEmpty ? ["none"] : entries))
    ]
    if list.untold > 0 {
      parts.append(.remark("\(host): \(counted(list.untold, "further session")) could not be told"))
    }
    return parts
  }

  /// What is told in one line.
  private struct Line: Hashable {
    let isDenied: Bool
    let ends: String
    let reason: String

    init(_ group: SessionList.Group, _ names: AddressNames) {
      isDenied = group.state == .denied
      ends = "\(names[group.client]) → \(names[group.server])  \(group.service)\(group.led(names))"
      reason =
        switch group.state {
        case .denied: "no flow allows it"
        case .uncertain: "the rules do not say for certain"
        case .allowed: group.flow ?? "always open, or only observed"
        }
    }
  }

  private struct File: Encodable {
    struct Group: Encodable {
      let direction: String
      let client: String
      var clientHost: String?
      let server: String
      var serverHost: String?
      let service: String
      var ledTo: String?
      let state: String
      var flow: String?
      let sessions: Int

      init(_ group: SessionList.Group, _ names: AddressNames) {
        direction = group.way.rawValue
        client = "\(group.client)"
        clientHost = names.name(of: group.client)
        server = "\(group.server)"
        serverHost = names.name(of: group.server)
        service = group.service
        ledTo = group.ledEnd
        state = group.state.rawValue
        flow = group.flow
        sessions = group.sessions
      }
    }

    struct Host: Encodable {
      let host: String
      var sessions: [Group]?
      /// Sessions of the host with itself, or by rules that do not ask.
      var exempt: Int?
      var untold: Int?
      var error: FailureJSON?

      init(_ reply: HostReply<SessionList>, _ names: AddressNames, _ isMeant: (SessionList.Group) -> Bool) {
        host = reply.host
        switch reply.result {
        case .success(let list):
          sessions = list.groups.filter(isMeant).map { Group($0, names) }
          (exempt, untold) = (list.exempt, list.untold)
        case .failure(let failure): error = FailureJSON(failure)
        }
      }
    }
    let hosts: [Host]
  }
}

struct CutCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "cut",
    abstract: "End sessions.",
    usage: "sekisho cut [<options>]",
    discussion: """
      Without --flow or --peer those end that the rules in force do not allow; with them, those that the flow allows, or \
      that have the address at one end, or both. Whoever had an allowed one can begin it anew; its packets are dropped \
      until then, and no process is told.

        sudo sekisho cut                     what rules here do not allow
        sekisho cut --host db --flow app-to-db
        sekisho cut --host db --peer 10.0.0.7

      Exit codes: 0 done, 1 error, or sessions that were to end go on.
      """)

  @OptionGroup var hosts: TrialHosts
  @OptionGroup var output: OutputOptions

  @Option(
    help: ArgumentHelp("End sessions that this flow allows.", valueName: "flow"), completion: Completions.flow
  )
  var flow: String?

  @Option(help: ArgumentHelp("End sessions that have this address at one end.", valueName: "address"))
  var peer: String?

  func answer(_ console: Console) async throws -> Answer {
    let address = try peer.map { text in
      do { return try Address(parsing: text) } catch { throw ValidationError("--peer: \(error)") }
    }
    let replies = try await hosts.ask(EndSessions(flow: flow, peer: address), console)
    var answer = TrialAnswer.of(replies, "cut") { reply in
      let of = reply.cut.sessions == 0 ? "" : " (\(reply.cut.flowWords))"
      return (["\(counted(reply.cut.sessions, "session")) ended\(of)"] + CutReport.leftWords(reply.cut))
        .joined(separator: "; ")
    }
    if replies.contains(where: { (try? $0.result.get())?.cut.isComplete == false }) {
      answer.exitCode = .failed
    }
    return answer
  }
}

/// What addresses are called in an inventory.
struct AddressNames {
  let names: [Address: String]

  init(_ targets: Targets?) {
    names = Dictionary(
      (targets?.hosts ?? []).flatMap { ($0.identity.owners.map { $0 } + $0.identity.virtuals.map { $0 }) }
        .map { ($0.key, $0.value) },
      uniquingKeysWith: { first, _ in first })
  }

  func name(of address: Address) -> String? { names[address] }

  subscript(_ address: Address) -> String { names[address] ?? "\(address)" }
}

extension SessionList.Group {
  /// `tcp/22`, `icmp`.
  fileprivate var service: String {
    let word = IPProtocol(rawValue: ipProtocol)
    return port == 0 ? "\(word)" : "\(word)/\(port)"
  }

  /// Where it was led, if elsewhere.
  fileprivate var ledEnd: String? {
    guard ledTo != nil || ledToPort != nil else { return nil }
    let address = ledTo ?? server
    let shown = address.family == .ipv6 ? "[\(address)]" : "\(address)"
    return port == 0 ? "\(address)" : "\(shown):\(ledToPort ?? port)"
  }

  fileprivate func led(_ names: AddressNames) -> String {
    ledEnd.map { end in " led to \(end)" } ?? ""
  }
}
