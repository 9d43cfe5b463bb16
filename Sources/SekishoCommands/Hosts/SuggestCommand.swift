internal import AgentProtocol
internal import ArgumentParser
internal import FlowProposal
internal import Operations
internal import Policy
internal import Records

struct SuggestCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "suggest",
    abstract: "Propose the flows that connections lack which were recorded, or run.",
    usage: "sekisho suggest --host <selector> [<options>]",
    discussion: """
      What hosts have recorded while they observe becomes flows: over hosts, groups, zones and networks that the inventory \
      has, as few as possible, and never wider than what was seen. What is proposed goes to standard output as a file of the \
      inventory, each flow with how much was seen of it and with an empty `why`, which `sekisho check` refuses until somebody \
      has written one. What is left over, and why, goes to standard error.

        sekisho suggest --host all > inventory/20-proposed.yaml
        sekisho suggest --host "web, db" --since 24h
        sekisho suggest --lab --generalise
        sekisho suggest --host all --of sockets    where nothing is recorded yet

      A flow is about hosts, whichever of their addresses. Networks are proposed with --generalise only, because hardly ever \
      has each of their addresses come. What is asked of a resolver over UDP is proposed for TCP as well; that somebody wanted \
      ten or more ports of one host is taken for a scan, and three of those that kernels pick from for what will not come again.
      What `sekisho probe` alone has tried is left out, as by `sekisho denied`.

      Directions that enforce have recorded what they denied, which may well be an intruder's: --denied proposes that, too, \
      and of a direction that has come to observe what was first seen before that, or nobody knows when. Where `sekisho watch` \
      does not run, nobody knows what a direction did before. --since goes by the last packet.

      --of sockets needs no rules on the hosts, and takes what runs at the moment: sessions that the kernel tracks, which know \
      who began, and sockets, of which the one whose port has a listener did not. It is a first proposal: who has said \
      nothing for a minute or two is not among it, nor, where the kernel tracks nothing, UDP that is not connected.

      Exit codes: 0 done, whatever there is, 1 a host could not be asked.
      """)

  @OptionGroup var hosts: TrialHosts

  @Option(
    help: ArgumentHelp("Only what was seen in this time, as in 90s or 10m.", valueName: "duration"))
  var since: TimeLimit?

  @Flag(
    help: """
      Propose a group or zone where half of its hosts were seen, a network where one address was, and the range of ports for \
      the data of FTP; each flow says how much of it was seen.
      """)
  var generalise = false

  @Flag(help: "Propose what was denied as well, not only what was observed.")
  var denied = false

  @OptionGroup var output: OutputOptions

  enum Evidence: String, ExpressibleByArgument, CaseIterable { case records, sockets }

  @Option(
    help: ArgumentHelp(
      "Take `records`, or `sockets`: what runs at the moment, on hosts without rules as well.",
      valueName: "word"))
  var of = Evidence.records

  func validate() throws {
    if hosts.targets.from != nil {
      throw ValidationError(
        "--from is of no use here: flows have the names of an inventory (--inventory); what runs is asked for by --of sockets"
      )
    }
    if of == .sockets, since != nil || denied {
      throw ValidationError("sockets are of this moment: --since and --denied are of records")
    }
  }

  func answer(_ console: Console) async throws -> Answer {
    guard let targets = try hosts.find(), let inventory = targets.inventory else {
      throw Misuse("flows have the names of an inventory: name hosts of it with --host, --local or --lab")
    }
    let (report, connections) =
      switch of {
      case .records: await records(of: targets, inventory.policy, console)
      case .sockets: await sessions(of: targets, inventory.policy, console)
      }
    return report.answer(
      FlowProposal(
        over: connections, in: inventory.policy, isDeniedMeant: denied, isWide: generalise))
  }

  /// What one host has told, read as far as it is meant.
  private struct Told: Sendable {
    let list: RecordList
    /// Of each of its directions; `nil`: it is passed over.
    let connections: [[RecordedConnection]?]
    let ofProbes: Int
  }

  private func records(
    of targets: Targets, _ policy: Policy, _ console: Console
  ) async -> (SuggestReport, [RecordedConnection]) {
    let readers = RecordReaders(AddressNames(targets).names, policy)
    let seconds = since.map { Int($0.duration.components.seconds) }
    let probes = ProbeTraces(ofLab: targets.isLab)
    let isDeniedMeant = denied
    let replies = await HostReply.asking(targets, watch: WaitingLine(console)) { target in
      let list = try await Dated { try await ListRecords().asked(of: target) }
      var ofProbes = 0
      let connections = list.reply.directions.map { direction -> [RecordedConnection]? in
        guard direction.mode == .observe || isDeniedMeant && direction.mode == .enforce else { return nil }
        let all = readers.connections(direction, at: target?.name ?? "this host", since: seconds)
        let others = all.filter { !probes.explain($0, list.asked) }
        ofProbes += all.count - others.count
        return others
      }
      return Told(list: list.reply, connections: connections, ofProbes: ofProbes)
    }
    var report = SuggestReport(.records, now: .current())
    var connections: [RecordedConnection] = []
    for reply in replies {
      do {
        let told = try reply.result.get()
        report.add(told.list, at: reply.host)
        report.add(ofProbes: told.ofProbes)
        for (direction, some) in zip(told.list.directions, told.connections) {
          guard let some else {
            report.add(passedOver: direction, at: reply.host)
            continue
          }
          report.add(asked: direction, at: reply.host)
          connections += some
        }
      } catch {
        report.add(error, at: reply.host)
      }
    }
    return (report, connections)
  }

  private func sessions(
    of targets: Targets, _ policy: Policy, _ console: Console
  ) async -> (SuggestReport, [RecordedConnection]) {
    let replies = await HostReply.asking(targets, watch: WaitingLine(console)) { target in
      try await ListPeers().asked(of: target)
    }
    let now = Timestamp.current()
    let reader = RecordReader(names: AddressNames(targets).names, policy: policy, now: now)
    var report = SuggestReport(.sessions, now: now)
    var connections: [RecordedConnection] = []
    for reply in replies {
      do {
        let list = try reply.result.get()
        report.add(list, at: reply.host)
        connections += list.directions.flatMap { reader.connections($0, at: reply.host) }
      } catch {
        report.add(error, at: reply.host)
      }
    }
    return (report, connections)
  }
}
