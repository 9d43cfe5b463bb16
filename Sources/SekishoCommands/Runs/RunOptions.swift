internal import ArgumentParser
internal import Machine
internal import Operations

/// Whether and how hosts change in waves.
struct RunOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Change hosts in waves, as in 1,10%,100%: each number is of all hosts that change, those of the waves before among them. \
      All of a wave prove themselves, and only then stay; else all of the run goes back.
      """, valueName: "list"))
  var waves: String?

  @Option(
    help: ArgumentHelp("The first wave: these hosts, as --host names them.", valueName: "selector"),
    completion: Completions.selector)
  var canary: String?

  @Option(
    help: ArgumentHelp(
      """
      Judges each wave before it stays: a program on this machine and its arguments, split at spaces; no shell reads it. It gets \
      the hosts of the wave on standard input, one a line, and SEKISHO_WAVE and SEKISHO_WAVES. Any exit code but 0 takes all of the run back.
      """, valueName: "command"))
  var check: String?

  @Option(
    help: ArgumentHelp("How long a check may take (default: 10m).", valueName: "duration"))
  var checkWithin: TimeLimit?

  @Option(
    help: ArgumentHelp(
      "So many hosts may fail; each goes back alone. With one more, all of the run does (default: 0).",
      valueName: "n"))
  var maxFailures: Int?

  @Option(
    help: ArgumentHelp(
      """
      Lead hosts there in steps, from the inventory they have (a directory, REV:DIR, or where this branch left a git \
      revision): what opens, opens on all before anything closes. diff --steps shows them.
      """, valueName: "rev"))
  var base: String?

  @Option(help: ArgumentHelp("Hosts that are changed at once.", valueName: "n"))
  var concurrency = 16

  @Flag(help: "Go on with a run in waves that was left, as when this machine went down.")
  var resume = false

  @Flag(help: "Take back all that it did.")
  var revert = false

  func validate() throws {
    if resume, revert { throw ValidationError("--resume and --revert exclude each other") }
    if resume || revert, isBegun || concurrency != 16 {
      throw ValidationError("a run goes on as it was begun; leave --waves and what belongs to it out")
    }
    guard (1...1024).contains(concurrency) else { throw ValidationError("--concurrency is 1 to 1024") }
    if let maxFailures, maxFailures < 0 { throw ValidationError("--max-failures is 0 or more") }
    if checkWithin != nil, check == nil { throw ValidationError("--check-within is of a --check") }
    if let limit = checkWithin, !(1...86_400).contains(limit.duration.components.seconds) {
      throw ValidationError("a check may take 1 s to 24 h")
    }
    _ = try words
    do { _ = try parsedWaves } catch { throw ValidationError("\(error)") }
  }

  /// Whether a run is to begin.
  var isBegun: Bool { waves != nil || canary != nil || check != nil || maxFailures != nil || base != nil }
  /// Whether it is about a run at all.
  var isAboutRun: Bool { isBegun || resume || revert }

  var parsedWaves: Waves { get throws { try waves.map { try Waves(text: $0) } ?? .one } }

  /// The check, as it is started.
  private var words: [String] {
    get throws {
      guard let check else { return [] }
      // It would be given to the program as it is, and mean nothing.
      if check.contains(where: { "'\"\\|&;<>$`".contains($0) }) {
        throw ValidationError("--check: no shell reads '\(check)'; write it to a script, and name that")
      }
      let words = check.split(separator: " ").map(String.init)
      guard let program = words.first else { throw ValidationError("--check: a program is missing") }
      if !program.contains("/") { return words }
      // Whoever goes on with the run may do so from elsewhere.
      guard let path = try? Files.resolved(program) else {
        throw ValidationError("--check: there is no program \(program)")
      }
      return [path] + words.dropFirst()
    }
  }

  func settings(_ trial: TrialOptions, meaning: String) throws -> RunSettings {
    RunSettings(
      seconds: trial.seconds, concurrency: concurrency, mostFailures: maxFailures ?? 0, check: try words,
      checkSeconds: Int(checkWithin?.duration.components.seconds ?? 600), keepsSessions: trial.keepSessions,
      cutsNow: trial.cutNow, why: trial.why, meaning: meaning)
  }
}
