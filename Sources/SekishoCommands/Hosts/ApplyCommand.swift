internal import ArgumentParser
internal import Enforcement
internal import Fleet
internal import Glibc
internal import RulesetDiff

struct ApplyCommand: AsyncParsableCommand {
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

  @Flag(help: "Show every object of the change, not the flows alone.")
  var objects = false

  func validate() throws {
    if plan != nil, targets.local || targets.lab || targets.host != nil {
      throw ValidationError("a plan says which hosts it is for; leave --local, --lab and --host out")
    }
  }

  func run() async throws {
    let console = output.console
    let saved = try plan.map { path in try failing(console) { try SavedPlan(reading: path) } }
    let finder = TargetFinder(
      options: saved?.targets(targets) ?? targets, inventory: inventory.inventory, console: console,
      json: output.json)
    let targets = try finder.find()
    try saved?.requireSame(targets, console)
    if !yes, saved == nil, isatty(STDIN_FILENO) == 0 {
      throw ValidationError("nobody is there to say yes; --yes applies without asking")
    }
    let running = await RunningHosts(asking: targets)
    let found = running.found(console)
    if !found.hosts.contains(where: \.isFailure) { try saved?.requireSame(running, console) }
    // JSON is the answer of the apply; the change is then not shown but reported.
    if !output.json, !output.quiet {
      try DiffReport(console: console, showsObjects: objects).write(found.hosts, found.meaning)
    }
    if found.hosts.contains(where: \.isFailure) {
      if output.json || output.quiet { found.hosts.forEach { $0.showFailure(console) } }
      console.error("not every host could be asked; nothing was applied")
      throw ExitCode.failed
    }
    let changing = zip(targets.hosts, running.answers).compactMap { target, answer in
      (try? answer.get().comparison).flatMap {
        $0.change.isEmpty ? nil : Applying(target: target, comparison: $0)
      }
    }
    if !changing.isEmpty, !yes, saved == nil, try !confirmed(changing.map(\.target.name)) {
      console.message("nothing was applied")
      throw ExitCode.failed
    }
    let progress = ProgressLine(console, total: changing.count, what: "hosts applied")
    let reports = await concurrently(
      changing,
      { applying in
        try await applying.target.ask { agent in
          var seen = applying.comparison.moment
          if !applying.comparison.isInstalled {
            seen = try await agent.track(after: seen)
            // Long enough for the session that asks to be seen in both directions.
            try await Task.sleep(for: .milliseconds(200))
            _ = try await agent.hello()
          }
          return try await agent.apply(ApplyRequest(wanted: applying.target.wanted, seen: seen))
        }
      }, progress: { progress.show($0) })
    progress.end()
    let results = zip(changing, reports).map { ApplyResult(host: $0.target.name, report: $1) }
    let unchanged = targets.hosts.count - changing.count
    if output.json {
      try console.write(try ApplyResult.json(results, unchanged: unchanged))
    } else {
      ApplyResult.show(results, unchanged: unchanged, console)
    }
    if let worst = results.compactMap(\.exitCode).max(by: { $0.rawValue < $1.rawValue }) { throw worst }
  }

  private func confirmed(_ hosts: [String]) throws -> Bool {
    let console = output.console
    let named =
      hosts.prefix(6).joined(separator: ", ") + (hosts.count > 6 ? " and \(hosts.count - 6) more" : "")
    console.raw("Apply to \(named)? [y/N] ")
    return ["y", "yes"].contains(readLine()?.lowercased() ?? "")
  }
}

/// A host that is about to change.
private struct Applying: Sendable {
  let target: Target
  let comparison: Comparison
}

/// What an apply did on one host.
struct ApplyResult {
  let host: String
  let report: Result<ApplyReport, any Error>

  var exitCode: ExitCode? {
    guard case .failure(let error) = report else { return nil }
    return (error as? AgentFailure)?.code == .moved ? .moved : .failed
  }

  static func show(_ results: [ApplyResult], unchanged: Int, _ console: Console) {
    var applied = 0
    for result in results {
      switch result.report {
      case .success(let report):
        applied += 1
        console.detail(
          "\(result.host): \(counted(report.operations, "object")), generation \(report.generation)")
      case .failure(let error): console.error("\(result.host): \(error)")
      }
    }
    let failed = results.count - applied
    console.message(
      "\(counted(applied, "host")) applied, \(unchanged) had it already"
        + (failed > 0 ? ", \(failed) failed" : ""))
  }

  static func json(_ results: [ApplyResult], unchanged: Int) throws -> [UInt8] {
    struct File: Encodable {
      struct Host: Encodable {
        let host: String
        let status: String
        let operations: Int?
        let generation: UInt32?
        let error: String?
      }
      let format_version = 1
      let unchanged: Int
      let hosts: [Host]
    }
    let hosts = results.map { result -> File.Host in
      switch result.report {
      case .success(let report):
        File.Host(
          host: result.host, status: "applied", operations: report.operations, generation: report.generation,
          error: nil)
      case .failure(let error):
        File.Host(
          host: result.host, status: (error as? AgentFailure)?.code.rawValue ?? "failed", operations: nil,
          generation: nil, error: "\(error)")
      }
    }
    return try JSONOutput.encode(File(unchanged: unchanged, hosts: hosts))
  }
}
