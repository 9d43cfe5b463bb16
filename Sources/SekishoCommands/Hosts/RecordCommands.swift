internal import AgentProtocol
internal import ArgumentParser
internal import Operations
internal import Policy
internal import Records

struct DeniedCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "denied",
    abstract: "List what hosts have denied: who wanted what, and why no rule lets it.",
    usage: "sekisho denied [<options>]",
    discussion: """
      The rules of a host record what they deny: who wanted which port or protocol, how many packets there were and when \
      the last one came, for a day. Where `sekisho watch` runs they are known for five weeks, over reboots, with when each was \
      first seen; a reboot loses a minute of them at most. With an inventory ends and services have its names, and each line says why: no flow, a \
      flow that is the other way or has ended, an address that nobody has. A source that wanted ten or more ports, or \
      something of as many hosts, is one line, called a scan. --since goes by the last packet. What came last before the host is \
      known to deny is said to be perhaps of the time when it only observed.

        sudo sekisho denied                  this machine
        sekisho denied --host db             over ssh, with the inventory's names
        sekisho denied --host all --since 10m
        sekisho denied --host all --by source
        sekisho denied --host db --follow    what comes from here on

      Directions that only observe deny nothing: `sekisho observed` lists what they have recorded. A flood is recorded in \
      part, so that packets are so many at least. What the packets of `sekisho probe` alone have left, by the outcomes that it \
      has kept in build/probes here, is left out: where first and last came while it ran, and no more than it sent; a first \
      that is not known may be anybody's. --json has every record, and says which these are (of_probe). With \
      --follow a host that breaks off is said, with --json as a line with `host` and `error`, and tried again.

      Exit codes: 0 done, whatever there is, 1 a host could not be asked.
      """)

  @OptionGroup var question: RecordQuestion
  var output: OutputOptions { question.output }

  var answersInLines: Bool { question.follow }

  func answer(_ console: Console) async throws -> Answer { try await question.answer(.enforce, console) }
}

struct ObservedCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "observed",
    abstract: "List what hosts that only observe would deny.",
    usage: "sekisho observed [<options>]",
    discussion: """
      A direction in observe mode lets everything pass and records what no rule allows. What is listed here is denied once \
      the mode is enforce, unless a flow comes for it; the rest is as in `sekisho denied`.

        sudo sekisho observed                this machine
        sekisho observed --host "worker & !worker-9" --since 1h
        sekisho observed --lab --by service
        sekisho observed --host all --follow --json --for 10m
        sekisho observed --host worker --ready

      --ready says of each direction that only observes what enforcing would deny, by the ruleset that the host should \
      have, since when everything is recorded, and for how long nothing has come that had not come before. What is of probes \
      alone is left out, as by `sekisho denied`.

      Exit codes: 0 done, whatever there is, 1 a host could not be asked.
      """)

  @OptionGroup var question: RecordQuestion

  @Flag(help: "Say what enforcing would deny, and for how long nothing new has come.")
  var ready = false

  var output: OutputOptions { question.output }
  var answersInLines: Bool { question.follow }

  func validate() throws {
    if ready, question.isNarrowed { throw ValidationError("--ready is about everything that was recorded") }
  }

  func answer(_ console: Console) async throws -> Answer {
    ready ? try await question.readiness(console) : try await question.answer(.observe, console)
  }
}

/// Which records are asked for.
struct RecordQuestion: ParsableArguments {
  @OptionGroup var hosts: TrialHosts

  @Option(
    help: ArgumentHelp("Gather by source, service or host, which is the destination.", valueName: "word"))
  var by: String?

  @Option(
    help: ArgumentHelp("Only what was seen in this time, as in 90s or 10m.", valueName: "duration"))
  var since: TimeLimit?

  @Flag(help: "Say what comes from here on, as it comes; with --json an object a line.")
  var follow = false

  @Option(
    name: .customLong("for"),
    help: ArgumentHelp(
      "With --follow: for how long, as in 10m; without it until it is interrupted.", valueName: "duration"))
  var time: TimeLimit?

  @OptionGroup var output: OutputOptions

  func validate() throws {
    if follow, by != nil || since != nil {
      throw ValidationError("--follow says what comes as it comes: --by and --since are of what has come")
    }
    if !follow, time != nil { throw ValidationError("--for is for --follow") }
    if by != nil, grouping == nil { throw ValidationError("--by takes source, service or host") }
  }

  /// `nil`: a word that is none of them.
  private var grouping: RecordGrouping? { by.map { RecordGrouping(rawValue: $0) } ?? .connection }

  func answer(_ mode: DirectionStatus.Mode, _ console: Console) async throws -> Answer {
    let targets = try hosts.find()
    if follow { return try await following(targets, mode, console) }
    let readers = RecordReaders(AddressNames(targets).names, targets?.inventory?.policy)
    let seconds = since.map { Int($0.duration.components.seconds) }
    let probes = ProbeTraces(ofLab: targets?.isLab == true)
    let replies = await HostReply.asking(targets, watch: WaitingLine(console)) { target in
      let list = try await Dated { try await ListRecords().asked(of: target) }
      return RecordReport.Told(list, mode, without: probes) {
        readers.connections($0, at: target?.name ?? "this host", since: seconds)
      }
    }
    let report = RecordReport(
      mode: mode, grouping: grouping ?? .connection, names: AddressNames(targets).names)
    var answer = report.answer(replies.map { RecordReport.Host($0) })
    let ofProbes = replies.compactMap { try? $0.result.get() }.flatMap(\.directions).reduce(0) {
      $0 + $1.ofProbes.count
    }
    if let remark = ProbeTraces.remark(ofProbes) { answer.parts.append(remark) }
    return answer
  }

  /// Whether less than everything is asked for.
  var isNarrowed: Bool { by != nil || since != nil || follow }

  func readiness(_ console: Console) async throws -> Answer {
    let targets = try hosts.find()
    // What is a probe's goes by addresses and ports: nothing need be explained.
    let readers = RecordReaders(AddressNames(targets).names, nil)
    let probes = ProbeTraces(ofLab: targets?.isLab == true)
    let replies = await HostReply.asking(targets, watch: WaitingLine(console)) { target in
      let dated = try await Dated { try await EnforcingReadiness.asked(of: target) }
      return ReadinessReport.Told(dated, without: probes) {
        readers.connections($0, at: target?.name ?? "this host", since: nil)
      }
    }
    return ReadinessReport(replies: replies, names: AddressNames(targets).names).answer
  }

  private func following(
    _ targets: Targets?, _ mode: DirectionStatus.Mode, _ console: Console
  ) async throws -> Answer {
    if let count = targets?.hosts.count, count > FollowingRecords.mostHosts {
      throw ValidationError(
        "\(count) hosts are too many to follow at once: \(FollowingRecords.mostHosts) at most")
    }
    let (names, policy) = (AddressNames(targets).names, targets?.inventory?.policy)
    let reader = RenewedReader(at: .current()) { RecordReader(names: names, policy: policy, now: $0) }
    let report = FollowReport(mode, reader, json: output.json, console)
    let replies = await FollowingRecords.follow(targets, for: time?.duration, report)
    var answer = Answer()
    for reply in replies {
      guard case .failure(let error) = reply.result else { continue }
      // Nobody reads any more.
      if let error = error as? UnwrittenOutput { throw error }
      // The report has said why.
      answer.exitCode = .failed
    }
    return answer
  }
}
