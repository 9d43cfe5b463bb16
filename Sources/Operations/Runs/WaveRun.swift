internal import Fleet

/// Hosts that change in waves, all of them or none.
///
/// Of a wave every host is on trial first, and shows over a connection that begins then that it can still be reached. Only when
/// all have, and the check says so, are they confirmed. Else all that the run has done goes back: trials are ended, or end by the
/// kernel's hand, and what was confirmed before is put back. What is about to be done is in the journal ahead of it, so that
/// whoever comes after a controller that died knows which hosts to ask.
package struct WaveRun: Sendable {
  /// Judges a wave of which every host has proven itself.
  ///
  /// - Throws: why it must not stay.
  package typealias Check = @Sendable (RunWave) async throws -> Void

  let plan: RunPlan
  let fleet: any RunFleet
  let log: any RunLog
  let listener: any RunListener
  let check: Check?
  let interrupt: RunInterrupt
  let leavesStuck: Bool
  /// What has become of each host, and how far the run has come.
  let book: RunBook

  /// - Parameters:
  ///   - progress: how far it had come when it was left.
  ///   - check: `nil`: nobody is asked.
  ///   - leavesStuck: whether the run ends although hosts are not known to have what they had; else it waits for somebody to
  ///     try again.
  package init(
    _ plan: RunPlan, on fleet: any RunFleet, log: any RunLog, progress: RunProgress = RunProgress(),
    listener: any RunListener, check: Check? = nil, interrupt: RunInterrupt = RunInterrupt(),
    leavesStuck: Bool = false
  ) {
    self.leavesStuck = leavesStuck
    self.plan = plan
    self.fleet = fleet
    self.log = log
    self.listener = listener
    self.check = check
    self.interrupt = interrupt
    book = RunBook(progress)
  }

  /// Goes through all waves of all steps. Those that were through already cost a question to each host.
  package func goOn() async -> RunReport {
    if let reason = book.progress.goesBack { return await goBack(because: RunStop(reason: reason)) }
    for step in plan.steps.indices {
      for wave in plan.waves.indices {
        do { try await carryOut(step, wave) } catch { return await goBack(because: error) }
      }
    }
    // While the last wave was confirmed, too, somebody was told that everything goes back.
    do { try interrupt.check() } catch { return await goBack(because: error) }
    return ended(because: nil)
  }

  /// Takes back whatever was done.
  package func goBack() async -> RunReport {
    await goBack(because: RunStop(reason: book.progress.goesBack ?? "it was asked for"))
  }

  // MARK: A wave

  private func carryOut(_ step: Int, _ wave: Int) async throws {
    let hosts = plan.hosts(ofStep: step, wave: wave).filter { !book.hasFailed($0) }
    if hosts.isEmpty { return }
    try interrupt.check()
    try write(RunEntry(.trying, step: step, wave: wave))
    let place = RunWave(step: step, wave: wave, of: plan, hosts: hosts)
    listener.hear(.wave(place))
    let trials = RunTrials()
    try await holding(trials) {
      try await prove(hosts, step: step, trials)
      if let check, !trials.hosts.isEmpty {
        listener.hear(.checks(place))
        // Those that failed, and may, are as they were.
        try await check(RunWave(step: step, wave: wave, of: plan, hosts: hosts.filter { trials[$0] != nil }))
      }
      try interrupt.check()
      try write(RunEntry(.confirming, step: step, wave: wave))
      try await confirm(trials)
    }
    try write(RunEntry(.confirmed, step: step, wave: wave))
    listener.hear(.confirmed(place))
  }

  /// Puts hosts on trial and has each prove itself, until more have failed than may.
  private func prove(_ hosts: [String], step: Int, _ trials: RunTrials) async throws {
    let results = await each(hosts) { host in
      try interrupt.check()
      if book.failures > plan.settings.mostFailures { throw RunStop(reason: "others have failed") }
      tell(host, .arming)
      do {
        guard let trial = try await fleet.begin(host, step: step) else {
          book.set(host, .confirmed(nil))
          return
        }
        trials.add(host, trial)
        tell(host, .onTrial)
        try await fleet.prove(host, trial)
        tell(host, .proven)
      } catch {
        trials.remove(host)
        await fail(host, error, back: step)
      }
    }
    for case .failure(let error) in results where !(error is RunStop) { throw error }
    try requireFewFailures()
    try interrupt.check()
  }

  private func confirm(_ trials: RunTrials) async throws {
    _ = await each(trials.hosts) { host in
      guard let trial = trials[host] else { return }
      tell(host, .confirming)
      do {
        let kept = try await fleet.confirm(host, trial)
        trials.remove(host)
        book.set(host, .confirmed(kept))
        tell(host, .confirmed)
      } catch {
        trials.remove(host)
        await fail(host, error, back: nil)
      }
    }
    try requireFewFailures()
  }

  /// A host that failed within what may fail goes back alone; beyond it everything does.
  ///
  /// - Parameter step: of which the trial is taken back; `nil`: whatever it has of the run.
  private func fail(_ host: String, _ error: any Error, back step: Int?) async {
    book.fail(host, error)
    listener.hear(.host(host, .failed, error))
    if book.failures <= plan.settings.mostFailures { await goBack(host, to: 0) }
  }

  private func requireFewFailures() throws {
    if book.failures > plan.settings.mostFailures { throw RunStop(reason: book.failureWords) }
  }

  // MARK: Back

  func goBack(because error: any Error) async -> RunReport {
    let reason = "\(error)"
    // Going back is right whether it is written or not; it is written once more at the end.
    try? write(RunEntry(.goingBack, reason: reason))
    listener.hear(.goesBack(reason))
    for step in plan.steps.indices.reversed() {
      let hosts = book.progress.touched(plan, step: step)
      _ = await each(hosts) { await goBack($0, to: step) }
    }
    return ended(because: reason)
  }

  private func goBack(_ host: String, to level: Int) async {
    tell(host, .goingBack)
    do {
      try await interrupt.limiting { [fleet] in try await fleet.goBack(host, to: level) }
      if plan.level(of: host, behind: level) == 0 { book.goneBack(host) }
      tell(host, .back)
    } catch {
      book.set(host, .stuck(error))
      listener.hear(.host(host, .stuck, error))
    }
  }

  // MARK: Others

  /// Does something while trials run, whose time begins anew until it is done.
  private func holding(_ trials: RunTrials, _ body: () async throws -> Void) async throws {
    let renewal = TrialRenewal(
      trials: trials, fleet: fleet, listener: listener, length: .seconds(plan.settings.seconds),
      concurrency: plan.settings.concurrency)
    // Whoever hangs is not waited for.
    let holder = Task { await renewal.run() }
    defer { holder.cancel() }
    try await body()
  }

  private func each(
    _ hosts: [String], _ body: @escaping @Sendable (String) async throws -> Void
  ) async -> [Result<Void, any Error>] {
    await concurrently(hosts, limit: plan.settings.concurrency, body)
  }

  private func tell(_ host: String, _ stage: RunEvent.Stage) { listener.hear(.host(host, stage, nil)) }

  private func write(_ entry: RunEntry) throws {
    try log.write(entry)
    book.take(entry)
  }

  private func ended(because reason: String?) -> RunReport {
    var report = book.report(of: plan, wentBack: reason)
    do {
      if let reason, book.progress.goesBack == nil { try write(RunEntry(.goingBack, reason: reason)) }
      // A run that has come to its end has named them: as many may fail.
      if reason == nil || report.stuck.isEmpty || leavesStuck {
        try log.write(RunEntry(.ended, reason: reason))
      }
    } catch {
      report = RunReport(hosts: report.hosts, wentBack: reason, unwritten: error)
    }
    listener.hear(.ended(report))
    return report
  }
}

/// Why a run stops.
package struct RunStop: Error, CustomStringConvertible {
  package let reason: String
  package var description: String { reason }

  package init(reason: String) { self.reason = reason }
}

/// A wave of a step.
package struct RunWave: Hashable, Sendable {
  /// Counted from 0.
  package let step: Int
  package let wave: Int
  package let steps: Int
  package let waves: Int
  package let hosts: [String]

  init(step: Int, wave: Int, of plan: RunPlan, hosts: [String]) {
    self.step = step
    self.wave = wave
    steps = plan.steps.count
    waves = plan.waves.count
    self.hosts = hosts
  }
}
