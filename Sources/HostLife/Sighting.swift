internal import AgentProtocol
internal import Enforcement
internal import HostState
internal import HostStore
internal import Nftables
internal import RulesetDiff

extension HostLife {
  /// Our table beside the books. Nobody is kept from the host by it, and nothing is changed.
  ///
  /// - Parameters:
  ///   - known: what was read of the disk last; a revision is never written twice.
  ///   - tried: the same of what is on trial.
  ///   - counted: what the rules have counted, where there are any.
  func sight(
    _ known: inout ConfirmedRuleset?, tried: inout ConfirmedRuleset?, counted: inout WatchSaying.Counted?
  ) -> Sight {
    do throws(AgentFailure) {
      let hold = try host.conversation()
      let before = try contentHere()
      if before.state.stop == nil, before.state.trial?.phase == .accepted { return .unfinished }
      var unread = before.damage.first.map { "\($0)" }
      if known?.revision != before.state.confirmed?.rawValue { known = nil }
      do throws(AgentFailure) {
        try requireKnown(before)
        if known == nil, before.state.confirmed != nil { known = try confirmed() }
        if tried?.revision != before.state.trial?.revision.rawValue {
          tried = try before.state.trial.map { (trial) throws(AgentFailure) in
            ConfirmedRuleset(revision: trial.revision.rawValue, table: try table(trial.revision))
          }
        }
      } catch { unread = error.message }
      let drift = try host.drift(from: known?.table, trial: tried?.table, hold)
      if drift.own != nil { counted = WatchSaying.Counted(allowed: drift.allowed, denied: drift.denied) }
      // Every command says on disk what it is about before it changes anything in the kernel.
      let after = try contentHere()
      if after != before { return .unfinished }
      if let unread { return .unknown(unread, isFallback: drift.own?.isFallback ?? false) }
      return sight(before.state, known, drift)
    } catch {
      return .unknown(error.message, isFallback: false)
    }
  }

  private func sight(
    _ state: HostState, _ known: ConfirmedRuleset?, _ drift: LocalHost.Drift
  ) -> Sight {
    if let stop = state.stop { return .stopped(stop, isOver: left(of: stop) == 0) }
    let trial = drift.left == nil ? nil : state.trial?.revision
    if let known, let deviation = Deviation(drift) {
      return .deviates(RevisionNumber(rawValue: known.revision), deviation, left: drift.left)
    }
    if let trial, !drift.trialBack.isEmpty {
      return .deviates(trial, Deviation(.trial, Deviation.objects(drift.trialBack)), left: drift.left)
    }
    guard let number = state.confirmed else { return .nothingConfirmed(trial: trial) }
    return .asConfirmed(number, trial: trial)
  }
}

extension Deviation {
  /// `nil`: nothing differs.
  fileprivate init?(_ drift: LocalHost.Drift) {
    guard let own = drift.own else {
      self.init(.gone)
      return
    }
    if drift.back.isEmpty { return nil }
    self.init(
      own.flags.contains(.dormant) ? .dormant : own.isFallback ? .fallback : .altered,
      Self.objects(drift.back))
  }

  fileprivate static func objects(_ back: ChangeDescription) -> [Object] {
    back.objects.map { object in
      // Told is what somebody has done, which is the other way about than what leads back.
      let way: Object.Way =
        switch object.action {
        case .add: .removed
        case .delete: .added
        case .change: .changed
        }
      return Object(way, object.kind, object.name, object.text)
    }
  }
}
