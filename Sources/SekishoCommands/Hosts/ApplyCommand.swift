internal import AgentProtocol
internal import ArgumentParser
internal import Fleet
internal import Glibc
internal import RulesetDiff

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

      A plan is refused when the inventory, a ruleset that is compiled from it, or the running ruleset of a host that \
      was looked at is not what it was when the plan was made; then nothing is applied anywhere.

      Exit codes: 0 done, 1 error, 3 refused because what was shown has moved, 4 a guard of the inventory \
      does not hold, and nothing was sent.
      """)

  @OptionGroup var inventory: InventoryOptions
  @OptionGroup var targets: TargetOptions
  @OptionGroup var output: OutputOptions

  @Argument(help: ArgumentHelp("A diff that was saved with diff --out.", valueName: "plan"))
  var plan: String?

  @Flag(help: "Do not ask before applying.")
  var yes = false

  @Flag(help: "Go on without hosts that cannot be reached or do not answer in time, naming each.")
  var skipUnreachable = false

  @Flag(help: "Show every object of the change, not the flows alone.")
  var objects = false

  func validate() throws {
    if plan != nil, targets.local || targets.lab || targets.host != nil {
      throw ValidationError("a plan says which hosts it is for; leave --local, --lab and --host out")
    }
  }

  func answer(_ console: Console) async throws -> Answer {
    let saved = try plan.map { try SavedPlan(reading: $0) }
    let finder = TargetFinder(options: saved?.targets(targets) ?? targets, inventory: inventory.inventory)
    let targets = try finder.find()
    try saved?.requireSame(targets)
    if !yes, saved == nil, isatty(STDIN_FILENO) == 0 {
      throw ValidationError("nobody is there to say yes; --yes applies without asking")
    }
    let asked = await RunningHosts(asking: targets, console)
    let skipped = skipUnreachable ? asked.unreachable : []
    let running = asked.without(skipped.map(\.host))
    if running.targets.hosts.isEmpty {
      var refusal = Refusal(.host, "no host could be asked; nothing was applied")
      refusal.add(skipped)
      throw refusal
    }
    let found = running.found
    let failures = found.hosts.filter(\.isFailure)
    if failures.isEmpty { try saved?.requireSame(running) }
    // JSON is the answer of the apply; the change is then not shown but reported.
    if !output.json, !output.quiet {
      let report = DiffReport(found: found, showsObjects: objects, isOfHosts: true)
      try AnswerText(console: console).write(
        targets.remarks.map { .remark($0) } + report.parts.filter { failures.isEmpty || !$0.isFailure }
          + running.strayParts)
    }
    if !failures.isEmpty {
      var refusal = Refusal(.host, "not every host could be asked; nothing was applied")
      refusal.add(failures.compactMap { host in host.error.map { (host.host, $0) } })
      throw refusal
    }
    let changing = zip(running.targets.hosts, running.answers).compactMap { target, answer in
      (try? answer.get()).flatMap {
        $0.comparison.change.isEmpty ? nil : Applying(target: target, looked: $0)
      }
    }
    if !changing.isEmpty, !yes, saved == nil, !confirmed(changing.map(\.target.name), console) {
      throw Refusal(.notConfirmed, "nothing was applied")
    }
    let progress = ProgressLine(console, total: changing.count, what: "hosts applied")
    let reports = await concurrently(
      changing,
      { try await $0.apply() }, progress: { progress.show($0) })
    progress.end()
    return ApplyAnswer.of(
      zip(changing, reports).map { (host: $0.target.name, report: $1) },
      unchanged: running.targets.hosts.count - changing.count, skipped: skipped)
  }

  private func confirmed(_ hosts: [String], _ console: Console) -> Bool {
    console.raw("Apply to \(listed(hosts))? [y/N] ")
    return ["y", "yes"].contains(readLine()?.lowercased() ?? "")
  }
}

/// What an apply did, as an answer.
private enum ApplyAnswer {
  typealias Outcome = (host: String, report: Result<Applied, any Error>)

  static func of(
    _ outcomes: [Outcome], unchanged: Int, skipped: [(host: String, error: any Error)]
  ) -> Answer {
    var answer = Answer()
    answer.parts += skipped.map { .failure("\($0.host): \($0.error); it was left out") }
    var applied = 0
    for outcome in outcomes {
      switch outcome.report {
      case .success(let report):
        applied += 1
        answer.parts.append(
          .detail(
            "\(outcome.host): \(counted(report.operations, "object")), generation \(report.generation)"))
      case .failure(let error):
        answer.parts.append(.failure("\(outcome.host): \(error)"))
        let code: ExitCode = (error as? AgentFailure)?.code == .moved ? .moved : .failed
        answer.exitCode = [answer.exitCode, code].compactMap { $0 }.max { $0.rawValue < $1.rawValue }
      }
    }
    let failed = outcomes.count - applied
    answer.parts.append(
      .summary(
        "\(counted(applied, "host")) applied, \(unchanged) had it already"
          + (failed > 0 ? ", \(failed) failed" : "")
          + (skipped.isEmpty ? "" : ", \(skipped.count) left out")))
    answer.data = .document(
      File(
        unchanged: unchanged, hosts: outcomes.map { File.Host($0) },
        skipped: skipped.isEmpty ? nil : skipped.map { FailureJSON($0.error, host: $0.host) }))
    return answer
  }

  private struct File: Encodable {
    struct Host: Encodable {
      let host: String
      let status: String
      var operations: Int?
      var generation: UInt32?
      var error: FailureJSON?

      init(_ outcome: Outcome) {
        host = outcome.host
        switch outcome.report {
        case .success(let report):
          status = "applied"
          operations = report.operations
          generation = report.generation
        case .failure(let failure):
          let told = FailureJSON(failure)
          status = told.code
          error = told
        }
      }
    }
    let unchanged: Int
    let hosts: [Host]
    let skipped: [FailureJSON]?
  }
}
