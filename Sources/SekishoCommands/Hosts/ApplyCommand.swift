internal import ArgumentParser
internal import ConnectionDiff
internal import Diagnostics
internal import Glibc
internal import InventoryFiles
internal import Operations
internal import Rollout

struct ApplyCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "apply",
    abstract: "Make hosts enforce what the inventory says.",
    usage: """
      sekisho apply [<options>]
      sekisho apply [<options>] <plan>
      """,
    discussion: """
      Each host is compared, the change is shown, and after a yes it is applied in one transaction that \
      is bound to the state that was shown; a host that moved meanwhile is refused. What was in place \
      and stays keeps its counters. A host that already has what is wanted is left alone.

        sudo sekisho apply --local --host web-1     this machine, which is host web-1
        sekisho apply --lab --yes                   every host of the lab
        sekisho apply --host "db & !db-3"           hosts reached by ssh
        sekisho diff --host db --out PLAN; sekisho apply PLAN
                                                    exactly what was shown
        sekisho apply --host web --waves 1,10%,100% one host, then a tenth, then all
        sekisho apply --host all --base HEAD~1      in steps; what stays is not cut

      A plan is refused when the inventory, a ruleset that is compiled from it, or the running ruleset of a host that \
      was looked at is not what it was when the plan was made; then nothing is applied anywhere.

      Every change but a lab's is on trial first: it stays when a new connection to the host came through it, or you say \
      so on this machine. Else the kernel goes back by itself when the time is over, whatever has died by then.

      With --waves (or --base, --canary, --check, --max-failures) hosts stay or go back together: of a wave each is on trial and shows \
      over a new connection that it can be reached, then the check judges, and then all are confirmed. Where that fails, every \
      host of the run goes back, those of waves before as well. What is done is in a journal on this machine, so that after its \
      death --resume goes on and --revert goes back. Without them each host stays or goes back by itself.

      A change after which you could not log in again by the way you are there, or nobody by the service of management, is \
      refused, whoever says yes; the flow that is missing is written out as a file for the inventory.

      Exit codes: 0 done, 1 error, 3 refused because what was shown has moved, 4 a guard of the inventory \
      does not hold, 5 rolled back, 6 somebody could not log in afterwards; after 3, 4 and 6 nothing was sent. Of waves 5 means \
      that every host has what it had, and 1 that some may not, or that hosts failed within --max-failures.
      """)

  @OptionGroup var inventory: InventoryOptions
  @OptionGroup var targets: TargetOptions
  @OptionGroup var trial: TrialOptions

  @Flag(help: "Apply for good at once, as in a lab.")
  var noTrial = false

  @OptionGroup var waves: RunOptions

  @OptionGroup var output: OutputOptions

  @Argument(help: ArgumentHelp("A diff that was saved with diff --out.", valueName: "plan"))
  var plan: String?

  @Flag(help: "Do not ask before applying.")
  var yes = false

  @Flag(help: "Go on without hosts that cannot be reached or do not answer in time, naming each.")
  var skipUnreachable = false

  @OptionGroup var lockout: LockoutOptions

  @Flag(help: "Show every object of the change, not the flows alone.")
  var objects = false

  var answersInLines: Bool { waves.isAboutRun }

  func validate() throws {
    if waves.resume || waves.revert {
      let isNew =
        targets.local || targets.lab || targets.host != nil || targets.from != nil || targets.timeout != nil
        || plan != nil || inventory.inventory != "inventory" || trial.isGiven
      if isNew {
        throw ValidationError("a run goes on as it was begun; say nothing more of hosts and trials")
      }
      if waves.resume, skipUnreachable {
        throw ValidationError(
          "a run goes on with all of its hosts; --revert --skip-unreachable goes back without some")
      }
    }
    if waves.isAboutRun, noTrial {
      throw ValidationError("hosts of a wave prove themselves on trial; leave --no-trial out")
    }
    if waves.isAboutRun, targets.local {
      throw ValidationError(
        "waves are of hosts that are reached by connections; leave --local out, or --waves")
    }
    if noTrial, trial.confirmWithin != nil {
      throw ValidationError("--no-trial and --confirm-within exclude each other")
    }
    if noTrial, trial.cutNow {
      throw ValidationError("without a trial sessions end at once: leave --cut-now out")
    }
    if plan != nil, targets.local || targets.lab || targets.host != nil {
      throw ValidationError("a plan says which hosts it is for; leave --local, --lab and --host out")
    }
    if output.json, !yes, plan == nil {
      throw ValidationError("--json shows nothing to say yes to; give --yes, or a plan that was shown")
    }
  }

  func answer(_ console: Console) async throws -> Answer {
    if waves.revert { return try await revert(console) }
    let left = waves.resume ? try RunDirectory().unfinished() : nil
    if let left, left.progress.goesBack != nil { return try await goBack(left, console) }
    if waves.isBegun { try RunDirectory().requireNone() }
    let saved = try plan.map { try SavedPlan(reading: $0) }
    let request = left?.head.request ?? saved?.targets(targets.request) ?? targets.request
    let finder = TargetFinder(options: request, inventory: left?.head.inventory ?? inventory.inventory)
    var targets: Targets
    do { targets = try finder.find() } catch let error as InventoryUnreadable where left != nil {
      throw Refusal(
        .unreadable, "\(error.path): \(error.reason)",
        remedy: "put it back where the run had it, or sekisho apply --revert takes back what it did")
    }
    // Hosts that have changed are not as it shows them any more; who approved it still did.
    if let path = left?.head.saved { targets = try SavedPlan(reading: path).signing(targets) }
    if waves.base != nil, saved?.isSigned == true {
      throw ValidationError(
        "what was signed are the rulesets of the plan, and not those of steps to it; leave --base out")
    }
    let asks = !yes && saved == nil
    if asks, isatty(STDIN_FILENO) == 0 {
      throw ValidationError("nobody is there to say yes; --yes applies without asking")
    }
    let change = try await FleetChange(
      of: targets, as: saved, skipsUnreachable: skipUnreachable, readsBooks: waves.isBegun,
      watch: WaitingLine(console))
    if change.running.targets.hosts.isEmpty {
      throw Refusal(of: change.skipped, "no host could be asked; nothing was applied")
    }
    let failures = change.failures
    // JSON is the answer of the apply; the change is then not shown but reported. Nobody says yes to what is not shown.
    if !output.json, asks || !output.quiet {
      let report = DiffReport(found: change.found, showsObjects: objects, sources: targets.sources)
      try AnswerText(console: console).write(
        targets.remarks.map { .remark($0) } + report.parts.filter { failures.isEmpty || !$0.isFailure })
    }
    if !failures.isEmpty {
      throw Refusal(of: failures, "not every host could be asked; nothing was applied")
    }
    try lockout.require(change)
    let changing = change.running.changing.map(\.target.name)
    let base = try await base(left?.head, change.running.targets)
    let planned = try left.map { left in
      try PlannedRun(left.head.plan, goingOnWith: change, steps: base?.steps(of: left.head.plan))
    }
    let steps = left == nil ? try base?.steps(of: change) : nil
    if !output.json, asks || !output.quiet, let base {
      try AnswerText(console: console).write(
        base.rollout.chapters(change.found.meaning).map { .chapter($0) })
    }
    if asks, !changing.isEmpty, !console.confirms("Apply to \(listed(changing))?") {
      throw Refusal(.notConfirmed, "nothing was applied")
    }
    if let left, let planned {
      return try await conduct(change, console).answer(left, on: planned.fleet, .goesOn)
    }
    if waves.isBegun { return try await begin(change, steps, base: base?.place, request, console) }
    // To the hosts of a lab nobody logs in.
    let isTried = !noTrial && (!targets.isLab || trial.confirmWithin != nil)
    var answer = await TrialDialogue.answer(
      change, trial, isTried: isTried, concurrency: waves.concurrency, console)
    if !targets.isLab, !changing.isEmpty, answer.exitCode == nil {
      answer.parts += next(local: request.isLocal, changing)
    }
    if targets.isLab, !output.json, answer.exitCode == nil, let policy = targets.inventory?.policy {
      answer.parts += NextStep(console, inventory: inventory.inventory).behindLab(policy)
    }
    return answer
  }

  // MARK: Waves

  /// What a run leads hosts from; `nil`: it brings them there at once.
  private func base(_ head: RunHead?, _ targets: Targets) async throws -> RunBase? {
    if let head {
      guard let place = head.base else { return nil }
      return try await RunBase(place, to: targets)
    }
    guard let name = waves.base else { return nil }
    return try await RunBase(name, inventory: inventory.inventory, to: targets)
  }

  private func begin(
    _ change: FleetChange, _ steps: [RunStep]?, base: RunBase.Place?, _ request: TargetRequest,
    _ console: Console
  ) async throws -> Answer {
    let settings = try waves.settings(trial, meaning: change.found.meaning?.summary ?? "")
    let conduct = conduct(change, console)
    if change.running.changing.isEmpty {
      return conduct.nothing(RunPlan(steps: [], waves: [], before: [:], settings: settings))
    }
    let planned = try PlannedRun(
      change, steps: steps, waves: try waves.parsedWaves, canary: waves.canary, from: request.from,
      settings: settings, isTimed: trial.confirmWithin != nil)
    let head = RunHead(
      planned.plan, planned.targets, request, inventory: inventory.inventory, base: base, saved: plan)
    return try await conduct.answer(try RunDirectory().begin(head), on: planned.fleet, .goesOn)
  }

  private func revert(_ console: Console) async throws -> Answer {
    try await goBack(try RunDirectory().unfinished(), console)
  }

  private func goBack(_ journal: RunJournal, _ console: Console) async throws -> Answer {
    let head = journal.head
    if !yes {
      if isatty(STDIN_FILENO) == 0 {
        throw ValidationError("nobody is there to say yes; --yes goes back without asking")
      }
      let hosts = listed(head.plan.waves.joined().sorted())
      guard console.confirms("Take back what the run of \(head.words) did to \(hosts)?") else {
        throw Refusal(.notConfirmed, "nothing was done")
      }
    }
    let conduct = RunConduct(console: console, isJSON: output.json, skipped: [], unchanged: 0, facts: [])
    return try await conduct.answer(
      journal, on: TargetsFleet(head.plan, head.targets, wasLeft: true), .goesBack,
      leavesStuck: skipUnreachable)
  }

  private func conduct(_ change: FleetChange, _ console: Console) -> RunConduct {
    RunConduct(
      console: console, isJSON: output.json, skipped: change.skipped,
      unchanged: change.found.hosts.count - change.running.changing.count, facts: change.found.facts)
  }

  /// What whoever applies for the first time asks next.
  private func next(local: Bool, _ hosts: [String]) -> [Answer.Part] {
    func command(_ verb: String, _ argument: String = "") -> String {
      local
        ? "sudo sekisho \(verb)\(argument)"
        : "sekisho \(verb)\(argument) --host \"\(hosts.joined(separator: ", "))\""
    }
    if !local, hosts.count > 3 { return [] }
    return [
      .remark(
        "to go back:  \(command("history")) lists the revisions, \(command("rollback", " N")) tries one again"
      ),
      .remark("what is denied:  \(command("denied"))"),
      .remark("after a boot it is in force again where that is wanted:  sudo systemctl enable sekisho-boot"),
    ]
  }
}
