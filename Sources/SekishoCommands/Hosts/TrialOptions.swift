internal import AgentProtocol
internal import ArgumentParser
internal import Operations

/// How a change is tried.
struct TrialOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      How long the change is on trial, as in 90s or 5m (default: 60s). Unless it is confirmed over a new connection, the \
      kernel goes back to the ruleset from before by itself.
      """, valueName: "duration"))
  var confirmWithin: TimeLimit?

  @Flag(
    help:
      "Let sessions go on that the new rules would not let begin; without it they are ended once the change stays."
  )
  var keepSessions = false

  @Flag(
    help:
      "End them when the trial begins: what goes on through a flow that goes is not waited for, and does not come back."
  )
  var cutNow = false

  @Option(help: ArgumentHelp("Why, for the history of the host.", valueName: "reason"))
  var why: String?

  func validate() throws {
    try requireTellable(why: why)
    if cutNow, keepSessions { throw ValidationError("--cut-now and --keep-sessions exclude each other") }
    if let limit = confirmWithin, !Arm.possibleSeconds.contains(Int(limit.duration.components.seconds)) {
      throw ValidationError(
        "a trial lasts \(Arm.possibleSeconds.lowerBound) s to \(Arm.possibleSeconds.upperBound / 3600) h")
    }
  }

  func request(_ note: ChangeNote) -> TrialRequest {
    TrialRequest(seconds: seconds, note: note, cutsNow: cutNow)
  }

  /// Whether anything is said of it.
  var isGiven: Bool { confirmWithin != nil || keepSessions || cutNow || why != nil }

  /// How long a trial is.
  var seconds: Int { Int(confirmWithin?.duration.components.seconds ?? 60) }

  func note(_ meaning: String) -> ChangeNote { ChangeNote(why: why, meaning: meaning) }
}

/// A reason that is told wherever the hosts keep it, and nowhere cut short.
func requireTellable(why: String?) throws { try requireTellable(why, as: "--why") }

/// The same of any option.
func requireTellable(_ text: String?, as option: String) throws {
  if let text, text.utf8.count > Bounds.word {
    throw ValidationError("\(option) takes \(Bounds.word) bytes: put what is longer where it can point to")
  }
}
