internal import AgentProtocol
internal import ArgumentParser
internal import Operations

/// Hosts of which a verb of trials asks; without any, this machine.
struct TrialHosts: ParsableArguments {
  @OptionGroup var inventory: InventoryOptions
  @OptionGroup var targets: TargetOptions

  func ask<Request: AgentRequest>(
    _ request: Request, _ console: Console
  ) async throws -> [HostReply<Request.Reply>] {
    try await HostReply.asking(find(), watch: WaitingLine(console)) {
      try await request.asked(of: $0)
    }
  }

  /// Refuses what a compile wrote, where names of the inventory are asked for.
  func requireInventory() throws {
    if targets.from != nil {
      throw ValidationError("--from is of no use here: who is who is told by the inventory (--inventory)")
    }
  }

  /// The hosts that are named; without any, this machine under its own name.
  func findOrThisMachine() throws -> Targets {
    try find() ?? Targets(hosts: [.thisMachine()], all: [], inventory: nil)
  }

  /// The hosts that are named; `nil`: none is. An inventory whose guards do not hold is none to compile, but says who is who:
  /// what is in force is as it is, and is looked at, and taken back, most when something is wrong.
  func find() throws -> Targets? {
    let isNamed = targets.local || targets.lab || targets.host != nil || targets.from != nil
    return isNamed
      ? try TargetFinder(
        options: targets.request, inventory: inventory.inventory, requiresGuards: false
      ).find() : nil
  }
}

struct ConfirmCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "confirm",
    abstract: "Keep a change that is on trial.",
    discussion: """
      What apply put on trial stays when it is confirmed. Do it over a connection that was opened after the change: that \
      it came about is what is confirmed. With the token that apply printed, that trial is confirmed and no other; \
      without it, the one that runs, and with --revision only if that is on trial (history tells which is).

        sudo sekisho confirm                 on the host itself
        sekisho confirm 0f3c… --host web-1   over ssh

      Exit codes: 0 confirmed, 1 error, 5 the trial is over and the ruleset from before is in force.
      """)

  @Argument(help: "What apply printed.") var token: String?
  @Option(help: "Confirm this revision and no other.") var revision: Int?
  @OptionGroup var hosts: TrialHosts
  @Flag(help: "Let sessions go on that the new rules would not let begin.") var keepSessions = false
  @OptionGroup var output: OutputOptions

  func answer(_ console: Console) async throws -> Answer {
    let request = Confirm(token: token, revision: revision, keepsSessions: keepSessions)
    let replies = try await hosts.ask(request, console)
    return TrialAnswer.of(replies, "confirmed") { reply in
      let author = reply.by.map { ", which was put on trial by \($0)" } ?? ""
      return (["revision \(reply.revision) is confirmed\(author)"] + CutReport.words(reply.cut)).joined(
        separator: "; ")
    }
  }
}

struct ExtendCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "extend",
    abstract: "Give a trial more time.",
    usage: "sekisho extend <duration> [<options>]",
    discussion: """
      The time of a trial begins anew, with the length that is given.

        sudo sekisho extend 10m              on the host itself

      Exit codes: 0 done, 1 error, 5 nothing is on trial.
      """)

  @Argument(help: "From now on, as in 90s or 10m.") var duration: TimeLimit
  @OptionGroup var hosts: TrialHosts
  @OptionGroup var output: OutputOptions

  func answer(_ console: Console) async throws -> Answer {
    let seconds = Int(duration.duration.components.seconds)
    guard Arm.possibleSeconds.contains(seconds) else { throw ValidationError("a trial lasts 5 s to 24 h") }
    let replies = try await hosts.ask(Extend(seconds: seconds), console)
    return TrialAnswer.of(replies, "extended") {
      "revision \($0.revision) is on trial for \($0.seconds) s more"
    }
  }
}

struct RollbackCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "rollback",
    abstract: "End a trial, or go back to a revision from before.",
    discussion: """
      Without a number the trial that runs is ended at once. With one, that revision is put on trial as apply does it; \
      `sekisho history` lists what a host has.

        sudo sekisho rollback                end the trial
        sudo sekisho rollback 7              try revision 7 again
        sekisho rollback 7 --host web-1      over ssh, proven by a new one

      Exit codes: 0 done, 1 error, 3 refused because the host has moved meanwhile, 5 not confirmed, or nothing is on \
      trial, 6 somebody could not log in afterwards.
      """)

  @Argument(help: "A revision that history lists.") var revision: Int?
  @OptionGroup var hosts: TrialHosts
  @OptionGroup var trial: TrialOptions
  @OptionGroup var lockout: LockoutOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    let isAboutOne =
      trial.confirmWithin != nil || trial.why != nil || trial.cutNow || trial.keepSessions
      || !lockout.allowLockout.isEmpty
    if revision == nil, isAboutOne {
      throw ValidationError(
        "--confirm-within, --cut-now, --keep-sessions, --why and --allow-lockout are about a revision to go back to; which one?"
      )
    }
  }

  func answer(_ console: Console) async throws -> Answer {
    guard let revision else {
      let replies = try await hosts.ask(EndTrial(), console)
      return TrialAnswer.of(replies, "rolled-back") { ended in
        let before =
          ended.confirmed.map { "revision \($0) is in force" } ?? "what was there before is in force"
        return
          (["the trial of revision \(ended.revision) is ended", before]
          + (ended.cut.map { CutReport.words($0) } ?? [])).joined(separator: "; ")
      }
    }
    return try await goBack(to: revision, console)
  }

  private func goBack(to revision: Int, _ console: Console) async throws -> Answer {
    let named = try hosts.findOrThisMachine()
    let back = try await GoingBack(of: named, lockout, console) { try await $0.goingBack(to: revision) }
    let note = trial.note("back to revision \(revision)")
    let replies = await HostReply.asking(each: named, watch: WaitingLine(console)) { [trial] target in
      let seen = try back.judged(target).seen
      let arm = Arm(
        revision: revision, seen: seen, seconds: trial.seconds, note: note, cutsNow: trial.cutNow)
      return try await target.tried(arm, keepsSessions: trial.keepSessions)
    }
    let outcomes = replies.map { reply in
      (
        outcome: (host: reply.host, ending: reply.result), target: reply.target,
        seen: reply.target.flatMap { try? back.judged($0).seen }
      )
    }
    return ApplyAnswer.of(
      await TrialDialogue.endings(outcomes, keepsSessions: trial.keepSessions, console), unchanged: 0,
      skipped: [], facts: [])
  }
}

/// What came of a verb of trials, host by host.
enum TrialAnswer {
  static func of<Reply: Encodable & Sendable>(
    _ replies: [HostReply<Reply>], _ status: String, _ words: (Reply) -> String
  ) -> Answer {
    var answer = Answer()
    for reply in replies {
      switch reply.result {
      case .success(let value): answer.parts.append(.summary("\(reply.host): \(words(value))"))
      case .failure(let error):
        answer.parts.append(.failure("\(error)", of: reply.host))
        let isOver = (error as? AgentFailure)?.code == .noTrial
        answer.exitCode = isOver && answer.exitCode != .failed ? .rolledBack : .failed
      }
    }
    answer.data = .document(File(hosts: replies.map { Host($0, status) }))
    return answer
  }

  private struct File<Reply: Encodable & Sendable>: Encodable {
    let hosts: [Host<Reply>]
  }

  private struct Host<Reply: Encodable & Sendable>: Encodable {
    let host: String
    let status: String
    var reply: Reply?
    var error: FailureJSON?

    init(_ answer: HostReply<Reply>, _ done: String) {
      host = answer.host
      switch answer.result {
      case .success(let value):
        status = done
        reply = value
      case .failure(let failure):
        let told = FailureJSON(failure)
        status = told.code
        error = told
      }
    }
  }
}
