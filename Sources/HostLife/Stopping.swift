package import AgentProtocol
internal import Enforcement
internal import HostState
internal import HostStore

extension HostLife {
  /// Takes the rules away.
  ///
  /// - Parameter seconds: after which what was confirmed is put back; `nil`: nobody does that but a person.
  /// - Throws: ``AgentProtocol/AgentFailure``, which says what has happened.
  package func stop(seconds: Int?, why: String?) throws(AgentFailure) -> StoppedHost {
    try refuseWhereSigned("stop")
    var run = try begin()
    run.why = why
    let time = seconds.map { Int64($0) }
    let stop = HostState.Stop(
      until: time.map { clock() + $0 }, sinceBoot: time.map { sinceBoot() + $0 }, by: actor, why: why,
      place: run.place)
    let state = run.content.state
    if let other = try reading({ () throws(HostStore.Failure) in try store.load() }).state.stop,
      other.isElsewhere(than: run.place)
    {
      throw AgentFailure(
        .refused,
        "\(Self.words(other.by)) has stopped another network namespace that has the same state directory",
        remedy: "run \"sekisho start\" there first; where it is gone, remove the directory's file \"stopped\""
      )
    }
    let script = try refusing(run) { (view) throws(HostStateRefusal) in try state.stop(stop, kernel: view) }
    try carryOut(script, nil, &run)
    return StoppedHost(until: stop.until, revision: state.confirmed?.rawValue)
  }

  /// Puts back what was confirmed where somebody has stopped the host, or has taken the rules away without saying so.
  ///
  /// - Parameter judged: `nil`: whatever comes back, on whatever is there.
  /// - Throws: ``AgentProtocol/AgentFailure``, which says what has happened.
  package func start(_ judged: StartHost? = nil) throws(AgentFailure) -> StartedHost {
    let before = try contentHere().state.stop
    var run = try begin()
    // Its time may have been over by then, and what was confirmed put back. Whatever else has ended it was not asked to.
    if before == nil || run.enforced == nil {
      var state = run.content.state
      state.stop = state.stop ?? before
      // What cannot be told must not be called nothing.
      if state.stop == nil, !run.view.isJudging { try requireKnown(run.content) }
      let script = try refusing(run) { (view) throws(HostStateRefusal) in try state.start(kernel: view) }
      try requireKnown(run.content)
      if let judged {
        guard judged.revision == state.confirmed?.rawValue else {
          throw AgentFailure(
            .moved, "what would come back is not what was judged", remedy: "start it again, to have it judged"
          )
        }
        run.seen = judged.seen
      }
      try carryOut(script, nil, &run)
    }
    return StartedHost(revision: run.enforced?.rawValue)
  }

  /// Who has stopped the host; `nil`: nobody. Nothing is changed.
  package func stopNow() throws(AgentFailure) -> StopStatus? {
    try contentHere().state.stop.map { stop in
      StopStatus(until: stop.until, isOver: left(of: stop) == 0, by: Self.words(stop.by), why: stop.why)
    }
  }

  /// Whether the host waits for the end of a stop, over or not. Nothing is changed.
  package func awaitsStart() throws(AgentFailure) -> Bool {
    try contentHere().state.stop?.until != nil
  }

  /// Milliseconds for which a stop goes on; `nil`: it has no time.
  func left(of stop: HostState.Stop) -> UInt64? {
    // What a file says may be any number.
    stop.left(at: clock(), sinceBoot: sinceBoot()).map { UInt64(clamping: min($0, .max / 1000)) * 1000 }
  }

  /// Takes the steps that end a stop. Where what was confirmed cannot be put back the fallback stands, as after a boot: nothing
  /// is open for longer than somebody has asked for.
  func endStop(_ steps: [Step], _ run: inout Run) throws(AgentFailure) {
    do throws(AgentFailure) {
      if !steps.contains(.audit(.resumed(nil, .rulesFound))) { try requireKnown(run.content) }
    } catch { return try standIn(because: error, &run) }
    for step in steps {
      do throws(AgentFailure) {
        do throws(AgentFailure) { try take(step, nil, &run) } catch {
          // What goes by must not decide what a host has until somebody comes.
          guard case .enforce = step else { throw error }
          run.isLearning = false
          try take(step, nil, &run)
        }
      } catch {
        guard case .enforce = step else { throw error }
        return try standIn(because: error, &run)
      }
    }
  }

  private func standIn(because reason: AgentFailure, _ run: inout Run) throws(AgentFailure) {
    try Fallback.stand(on: host, run.hold, judged: false, because: reason, cutOff: cutOffByBooks)
    people(.fallback(reason.message))
    try take(.removeStop, nil, &run)
    try take(.audit(.fallback(reason.message)), nil, &run)
  }
}
