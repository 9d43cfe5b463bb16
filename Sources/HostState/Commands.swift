/// The steps of a command.
package struct Script: Hashable, Sendable {
  package let steps: [Step]
  /// What to do when the kernel refuses a step and so did nothing; everything else is left to
  /// ``HostState/recovery(_:in:isStopOver:)``.
  package let whenRefused: [Step]

  package init(_ steps: [Step], whenRefused: [Step] = []) {
    self.steps = steps
    self.whenRefused = whenRefused
  }
}

/// Why a command is not begun; nothing has been done.
package enum HostStateRefusal: Error, Hashable, Sendable {
  /// A trial is running.
  case trialRuns(Trial, left: UInt64)
  /// No trial is running: there is nothing to confirm, extend or end.
  case noTrial
  /// The token is that of no trial here.
  case wrongToken
  /// The trial's time is over.
  case trialOver(RevisionNumber)
  /// There is no such revision to go back to.
  case noRevision(RevisionNumber?)
  /// Somebody has taken the rules away on purpose.
  case stopped(HostState.Stop)
  /// Nothing was confirmed that could be put back, and nothing is there that could be taken away, or only for good.
  case nothingToStop(hasRules: Bool)
  /// Nobody has taken the rules away.
  case notStopped
}

extension HostState {
  /// Lets a revision judge new connections for a time.
  ///
  /// The disk says that there is a trial before the kernel has one: what dies in between leaves a trial that the
  /// kernel does not know, and that is one that has ended.
  package func arm(
    _ revision: Revision, token: String, seconds: Int, in place: String, kernel: KernelView
  ) throws(HostStateRefusal) -> Script {
    try requireNoTrial(kernel)
    let trial = Trial(
      revision: revision.number, place: place, token: token, seconds: seconds, by: revision.by)
    var inForce = trial
    inForce.wasInForce = true
    return Script(
      [
        .writeRevision(revision), .writeTrial(trial), .prepareTrial(revision.number),
        .armTrial(seconds: seconds), .writeTrial(inForce), .audit(.armed(revision.number, seconds: seconds)),
      ], whenRefused: [kernel.base == .none ? .removeTable : .removeTrialParts, .removeTrial])
  }

  /// Makes a revision the confirmed one without a trial.
  package func adopt(
    _ revision: Revision, keepsSessions: Bool = false, in place: String, kernel: KernelView
  ) throws(HostStateRefusal) -> Script {
    try requireNoTrial(kernel)
    let trial = Trial(
      revision: revision.number, phase: .accepted, place: place, token: "", seconds: 0, by: revision.by,
      keepsSessions: keepsSessions)
    return Script(
      [.writeRevision(revision), .writeTrial(trial)] + completion(of: trial, by: .untried),
      whenRefused: [.removeTrial])
  }

  /// Makes the revision on trial the confirmed one.
  ///
  /// - Parameter token: the digest of what was given; `nil`: whichever trial runs is meant.
  package func confirm(
    token: String?, keepsSessions: Bool = false, in place: String, kernel: KernelView
  ) throws(HostStateRefusal) -> Script {
    let trial = try running(in: place, kernel)
    guard !trial.token.isEmpty, token == nil || trial.token == token else { throw .wrongToken }
    var accepted = trial
    accepted.phase = .accepted
    accepted.keepsSessions = keepsSessions ? true : nil
    return Script(
      [.writeTrial(accepted)] + completion(of: accepted, by: token == nil ? .hand : .token),
      whenRefused: [.writeTrial(trial)])
  }

  /// Lets the time of a trial begin anew.
  package func extend(
    seconds: Int, in place: String, kernel: KernelView
  ) throws(HostStateRefusal) -> Script {
    var trial = try running(in: place, kernel)
    trial.seconds = seconds
    return Script([
      .extendTrial(seconds: seconds), .writeTrial(trial), .audit(.extended(trial.revision, seconds: seconds)),
    ])
  }

  /// Ends a trial at once.
  package func rollBack(in place: String, kernel: KernelView) throws(HostStateRefusal) -> Script {
    Script(ending(try running(in: place, kernel), .rolledBack, kernel))
  }

  /// Makes the table again what was confirmed, where somebody else has made it something else.
  ///
  /// - Parameter reason: what had become of it, for the log.
  package func restore(because reason: String, kernel: KernelView) throws(HostStateRefusal) -> Script {
    try requireNoTrial(kernel)
    if let stop { throw .stopped(stop) }
    guard let confirmed else { throw .noRevision(nil) }
    // What began while nothing was enforced ends.
    return Script([.enforce(confirmed), .keepSessions, .cut, .audit(.restored(confirmed, reason))])
  }

  /// What follows once it is on disk that a trial is accepted.
  func completion(of trial: Trial, by confirmation: Confirmation) -> [Step] {
    // Sessions end while the disk still says what is going on: whoever dies at it is taken up again.
    var steps: [Step] = [.enforce(trial.revision), .writeConfirmed(trial.revision), .cut, .removeTrial]
    if stop != nil { steps.append(.removeStop) }
    return steps + [.audit(.confirmed(trial.revision, by: confirmation)), .tell(.confirmed(trial.revision))]
  }

  /// What ends a trial that is not confirmed. Sessions that it had let begin end with it.
  func ending(_ trial: Trial, _ end: TrialEnd, _ kernel: KernelView) -> [Step] {
    var steps: [Step] = []
    if kernel.hasParts || kernel.base == .bare { steps.append(removal(kernel)) }
    // Whoever died behind the removal has left no parts; of none that is known whether it was ever in force.
    if kernel.base == .rules { steps.append(.cut) }
    // Nobody is told that what was confirmed is in force where somebody has taken it away.
    let isOpen = confirmed != nil && stop == nil && !kernel.isJudging
    return steps + [
      .removeTrial, .audit(.ended(trial.revision, end)),
      .tell(isOpen ? .leftOpen(trial.revision) : .trialEnded(trial.revision, end)),
    ]
  }

  /// Takes what there is of a trial out of the kernel.
  func removal(_ kernel: KernelView) -> Step { kernel.base == .bare ? .removeTable : .removeTrialParts }

  private func requireNoTrial(_ kernel: KernelView) throws(HostStateRefusal) {
    if let trial { throw .trialRuns(trial, left: kernel.left ?? 0) }
  }

  private func running(in place: String, _ kernel: KernelView) throws(HostStateRefusal) -> Trial {
    guard let trial, trial.phase == .armed else { throw .noTrial }
    guard trial.place == place, kernel.left != nil else { throw .trialOver(trial.revision) }
    return trial
  }
}
