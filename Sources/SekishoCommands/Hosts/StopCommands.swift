internal import AgentProtocol
internal import ArgumentParser
internal import Diagnostics
internal import Glibc
internal import Operations
internal import Policy

struct StopCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "stop",
    abstract: "Enforce nothing on a host for a time.",
    discussion: """
      Sekisho's table is taken away, and what was confirmed is put back when the time is over, whatever has died by then: a \
      process of the host waits for it, and so does every later command and a boot. With --until for-good nobody does it but \
      you. Each host's name is asked for; scripts say it by --stop-host. Tables of others stay as they are.

        sudo sekisho stop --until 10m                                 this machine
        sekisho stop --until 10m --host web-1 --why "trace INC-7"     over ssh
        sekisho stop --until for-good --host web-1 --stop-host web-1  in a script

      A stop ends early by start, and by an apply or a rollback that is confirmed. A change on trial goes with the table.

      Exit codes: 0 done, 1 error, or the name was not typed.
      """)

  @Option(
    help: ArgumentHelp("How long, as in 10m or 2h (at most 30 days), or for-good.", valueName: "duration"))
  var until: StopTime

  @Option(
    help: ArgumentHelp(
      "Stop this host without asking for its name. May be given for several hosts.", valueName: "host"))
  var stopHost: [String] = []

  @Option(help: ArgumentHelp("Why, for the history of the host.", valueName: "reason"))
  var why: String?

  @OptionGroup var hosts: TrialHosts
  @OptionGroup var output: OutputOptions

  func validate() throws {
    try requireTellable(why: why)
    if let seconds = until.seconds, !StopHost.possibleSeconds.contains(seconds) {
      throw ValidationError("a stop lasts 5 s to 30 days, or for-good")
    }
  }

  func answer(_ console: Console) async throws -> Answer {
    let named = try hosts.findOrThisMachine()
    let names = named.hosts.map(\.name)
    if let stranger = stopHost.first(where: { !names.contains($0) }) {
      throw ValidationError("--stop-host names \(stranger), which is no host of this command")
    }
    let unsaid = names.filter { !stopHost.contains($0) }
    if !unsaid.isEmpty, output.json || isatty(STDIN_FILENO) == 0 {
      throw ValidationError(
        "nobody is there to type the name of \(listed(unsaid)); --stop-host says it without asking")
    }
    for name in unsaid
    where !console.hears(name, "Nothing will be enforced on \(name). Its name, to stop it:") {
      throw Refusal(.notConfirmed, "this is not the name of \(name); nothing was stopped")
    }
    let request = StopHost(seconds: until.seconds, why: why)
    let replies = await HostReply.asking(each: named, watch: WaitingLine(console)) {
      try await request.asked(of: $0)
    }
    return TrialAnswer.of(replies, "stopped") { stopped in
      guard let until = stopped.until else {
        return "nothing is enforced any more, until somebody starts or applies"
      }
      let back = stopped.revision.map { "revision \($0) is put back" } ?? "it is over"
      return "nothing is enforced; at \(Timestamp(seconds: until)) \(back)"
    }
  }
}

struct StartCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "start",
    abstract: "Put back what was confirmed on a host that enforces nothing.",
    usage: "sekisho start [<options>]",
    discussion: """
      What stop took away is in force again, ahead of the time that was given for it, and so is what somebody else has taken \
      away (nft flush ruleset). Sessions that it would not let begin end. Rules that somebody has changed are no stop: boot \
      puts back what was confirmed.

        sudo sekisho start                   this machine
        sekisho start --host web-1           over ssh

      Exit codes: 0 done, 1 error, or the host enforces something, 6 somebody could not log in afterwards.
      """)

  @OptionGroup var hosts: TrialHosts
  @OptionGroup var lockout: LockoutOptions
  @OptionGroup var output: OutputOptions

  func answer(_ console: Console) async throws -> Answer {
    let named = try hosts.findOrThisMachine()
    let back = try await GoingBack(of: named, lockout, console) { try await $0.goingBackToConfirmed() }
    let replies = await HostReply.asking(each: named, watch: WaitingLine(console)) { target in
      let judged = try back.judged(target)
      return try await StartHost(revision: judged.revision, seen: judged.seen).asked(of: target)
    }
    return TrialAnswer.of(replies, "started") { started in
      started.revision.map { "revision \($0) is in force again" }
        ?? "nothing was ever confirmed; the stop is over"
    }
  }
}

/// For how long a host is stopped.
struct StopTime: ExpressibleByArgument, Sendable {
  /// `nil`: for good.
  let seconds: Int?

  init?(argument: String) {
    if argument == "for-good" {
      seconds = nil
      return
    }
    guard let limit = TimeLimit(argument: argument) else { return nil }
    seconds = Int(limit.duration.components.seconds)
  }
}
