extension HostState {
  /// The steps that lead out of whatever a process left behind that died, or a step that failed.
  ///
  /// Every command takes them first, and so does whoever cleans up after a trial. They may die as well: taken
  /// again they end in the same state.
  ///
  /// - Parameters:
  ///   - place: boot and network namespace.
  ///   - isStopOver: whether the time of a stop is.
  /// - Returns: nothing where a trial or a stop goes on as it should, or where there is none.
  package func recovery(_ kernel: KernelView, in place: String, isStopOver: Bool) -> [Step] {
    let stopped = afterStop(kernel, isOver: isStopOver)
    guard let trial else {
      // Its file went first: nothing of it counts.
      if !kernel.hasParts, kernel.base != .bare { return stopped }
      return [removal(kernel)] + (kernel.base == .rules ? [.cut] : []) + stopped
    }
    if trial.phase == .accepted { return completion(of: trial, by: .recovery) }
    if trial.place != place { return ending(trial, .rebooted, kernel) + stopped }
    // Whatever a stop that is over puts back would end the trial.
    if kernel.left != nil { return kernel.isJudging && !isStopOver ? stopped : [] }
    // Between the transactions that prepare and arm there are parts and no time, too: it was never in force, and
    // nobody can tell. Sessions are looked at in both cases.
    let end: TrialEnd = kernel.hasParts ? .expired : trial.wasInForce == true ? .gone : .neverArmed
    return ending(trial, end, kernel) + stopped
  }

  /// The steps of a boot: the rules first, the books after them.
  package func boot() -> [Step] {
    if let stop, stop.until == nil, trial?.phase != .accepted { return [.audit(.booted(nil))] }
    let ended: [Step] = stop == nil ? [] : [.removeStop]
    guard let trial else {
      guard let confirmed else { return ended + [.audit(.booted(nil))] }
      return [.enforce(confirmed)] + ended + [.audit(.booted(confirmed))]
    }
    if trial.phase == .accepted {
      return completion(of: trial, by: .recovery) + [.audit(.booted(trial.revision))]
    }
    let over: [Step] = [.removeTrial, .audit(.ended(trial.revision, .rebooted))]
    guard let confirmed else { return over + ended + [.audit(.booted(nil))] }
    return [.enforce(confirmed)] + over + ended + [.audit(.booted(confirmed))]
  }
}
