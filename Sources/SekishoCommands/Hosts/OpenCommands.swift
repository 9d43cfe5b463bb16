internal import Addressing
internal import AgentProtocol
internal import ArgumentParser
internal import Diagnostics
internal import Operations
internal import Policy

struct OpenCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "open",
    abstract: "Let something begin for a time, outside the inventory.",
    usage: "sekisho open <from> <to> <service> --for <duration> --why <reason>",
    discussion: """
      What FROM may ask TO for until the time is over, at both ends and at gateways between. Guards are judged first, as \
      if a flow said it. No ruleset changes: hosts take it into sets that their rules ask last, and the kernel takes it out \
      again when the time is over, whatever has died by then; a boot ends it, too. Sessions that came by it end then by \
      the next command of the host, or the process that waits for it.

        sekisho open bastion-1 db-1 postgres --for 1h --why "restore, INC-12"
        sekisho open 203.0.113.7 web-1 tcp/8443 --for 30m --why vendor --ticket A-9
        sekisho close bastion-1 db-1 postgres

      FROM and TO are hosts, groups, zones or networks, as flows have them, or an address, of \(OpenDoors.most) addresses \
      at most; SERVICE is a service or tcp/8443, of \(TimedFlow.mostPorts) ports at most. ICMP and protocols \
      without ports are not opened so, nor ports that containers \
      publish.

      Exit codes: 0 done, 1 a host could not be asked, 4 a guard does not hold with it.
      """)

  @OptionGroup var timed: TimedFlowArguments

  @Option(
    name: .customLong("for"),
    help: ArgumentHelp("How long, as in 30m or 4h (at most 24 h).", valueName: "duration"))
  var time: TimeLimit

  @Option(help: ArgumentHelp("Why, for the history of the hosts.", valueName: "reason"))
  var why: String

  @Option(help: ArgumentHelp("Where it was asked for.", valueName: "ticket"))
  var ticket: String?

  var output: OutputOptions { timed.output }

  private var seconds: Int { Int(time.duration.components.seconds) }

  func validate() throws {
    try requireTellable(why: why)
    try requireTellable(ticket, as: "--ticket")
    if why.isEmpty { throw ValidationError("--why is empty: whoever finds it wants to know") }
    if !OpenDoors.possibleSeconds.contains(seconds) {
      throw ValidationError("--for takes 10 s to 24 h; what is needed for longer belongs in the inventory")
    }
  }

  func answer(_ console: Console) async throws -> Answer {
    let flow = try timed.flow(requiresGuards: true)
    let replies = try await timed.ask(flow, console) { target, doors in
      try await OpenDoors(flow.flow, doors, seconds: seconds, why: why, ticket: ticket).asked(of: target)
    }
    var answer = TrialAnswer.of(replies, "opened") { opened in
      let done = "\(flow.flow.words) may begin until \(Timestamp(seconds: opened.until))"
      if opened.refused.isEmpty { return done }
      let refused = listed(opened.refused.map { "\($0)" })
      return "\(done), but not while the host refuses \(refused): in quarantine, or tripped (sekisho status)"
    }
    let done = replies.filter { if case .success = $0.result { true } else { false } }.map(\.host)
    let unknown = replies.filter(\.isUnknown).map(\.host)
    let others = flow.hosts.map(\.name).filter { !done.contains($0) && !unknown.contains($0) }
    let obstacles =
      (others.isEmpty ? [] : ["\(listed(others)) did not open it"])
      + (unknown.isEmpty ? [] : ["whether \(listed(unknown)) opened it is not known (sekisho status)"])
    if !done.isEmpty || !unknown.isEmpty, !obstacles.isEmpty {
      let remark =
        "it passes only where all hosts on its way let it, and \(obstacles.joined(separator: ", and ")); "
        + "sekisho close takes it back"
      answer.parts.append(.remark(remark))
    }
    return answer
  }
}

struct CloseCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "close",
    abstract: "End what open let begin, with its sessions.",
    usage: "sekisho close [<options>] <from> <to> <service>",
    discussion: """
      Ahead of its time, in the words in which it was opened, whatever the inventory has become since: every host is asked, \
      and closes what its books have under them. What flows of the inventory allow goes on, and what is open in other words \
      as well stays open (sekisho status names it).

        sekisho close bastion-1 db-1 postgres
        sekisho close bastion-1 db-1 postgres --host db-1

      Exit codes: 0 done, 1 a host could not be asked or has sessions that go on.
      """)

  @OptionGroup var timed: TimedFlowArguments

  @Option(help: ArgumentHelp("Why, for the history of the hosts.", valueName: "reason"))
  var why: String?

  var output: OutputOptions { timed.output }

  func validate() throws { try requireTellable(why: why) }

  func answer(_ console: Console) async throws -> Answer {
    let flow = timed.words
    let doors: [String: [Door]]
    var obstacle: (any Error)?
    do {
      doors = try timed.flow(requiresGuards: false).doors
    } catch {
      // The inventory need not have any more what was opened by it.
      (doors, obstacle) = ([:], error)
    }
    let found = try timed.targets(otherwise: "all")
    let replies = await HostReply.asking(each: found, watch: WaitingLine(console)) { target in
      try await CloseDoors(flow, doors[target.name] ?? [], why: why).asked(of: target)
    }
    if let obstacle, replies.allSatisfy({ (try? $0.result.get())?.wasOpen == false }) { throw obstacle }
    var answer = TrialAnswer.of(replies, "closed") { closed in
      let cut = closed.cut
      let done = ["\(flow.words) \(closed.wasOpen ? "is closed" : "was not open")"]
      let ended = cut.sessions == 0 ? [] : ["\(counted(cut.sessions, "session")) ended"]
      let shared =
        closed.shared == 0
        ? [] : ["\(counted(closed.shared, "door")) of it stay open by what was opened in other words"]
      return (done + ended + shared + CutReport.leftWords(cut)).joined(separator: "; ")
    }
    if replies.contains(where: { (try? $0.result.get())?.cut.isComplete == false }) {
      answer.exitCode = .failed
    }
    return answer
  }
}

/// A flow of the command line, and the hosts on its way.
struct TimedFlowArguments: ParsableArguments {
  @Argument(help: "Who asks.", completion: Completions.peer)
  var from: String
  @Argument(help: "Who is asked.", completion: Completions.peer)
  var to: String
  @Argument(help: "What for.", completion: Completions.service)
  var service: String

  @OptionGroup var hosts: TrialHosts
  @OptionGroup var output: OutputOptions

  func validate() throws { try hosts.requireInventory() }

  var words: OpenedFlow { OpenedFlow(from: from, to: to, service: service) }

  func flow(requiresGuards: Bool) throws -> TimedFlow {
    try TimedFlow(
      from: from, to: to, service: service, inventory: hosts.inventory.inventory,
      requiresGuards: requiresGuards)
  }

  /// The hosts that are named, or those that a selector selects.
  func targets(otherwise selector: String) throws -> Targets {
    var request = hosts.targets.request
    if request.host == nil { request.host = selector }
    return try TargetFinder(
      options: request, inventory: hosts.inventory.inventory, requiresGuards: false
    ).find()
  }

  /// Asks the hosts on its way, or those of them that are named.
  func ask<Answer>(
    _ flow: TimedFlow, _ console: Console,
    _ question: @escaping @Sendable (Target, [Door]) async throws -> Answer
  ) async throws -> [HostReply<Answer>] {
    let found = try targets(otherwise: flow.hosts.map(\.name).joined(separator: ", "))
    let doors = flow.doors
    let meant = Targets(
      hosts: found.hosts.filter { doors[$0.name] != nil }, all: found.all, inventory: found.inventory,
      remarks: found.remarks, isLab: found.isLab)
    if meant.hosts.isEmpty { throw ValidationError("none of the hosts that are named is on its way") }
    return await HostReply.asking(each: meant, watch: WaitingLine(console)) { target in
      try await question(target, doors[target.name] ?? [])
    }
  }
}

extension HostReply {
  /// Whether the host may have done it although it was not heard to say so.
  fileprivate var isUnknown: Bool {
    if case .failure(let error) = result { (error as? AgentFailure)?.happened == .unknown } else { false }
  }
}

extension OpenedFlow {
  var words: String { "\(from) → \(to) \(service)" }
}
