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
  ///   - damage: what cannot be read of the books. Only where that is what was confirmed nothing can be told.
  func sight(
    _ known: inout ConfirmedRuleset?, tried: inout ConfirmedRuleset?, counted: inout WatchSaying.Counted?,
    damage: inout [String]
  ) -> Sight {
    do throws(AgentFailure) {
      let hold = try host.conversation()
      let before = try contentHere()
      if before.state.stop == nil, before.state.trial?.phase == .accepted { return .unfinished }
      var unread: String?
      var damaged = before.damage.map { "\($0)" }
      if known?.revision != before.state.confirmed?.rawValue { known = nil }
      do throws(AgentFailure) {
        try requireKnown(before)
        if known == nil, before.state.confirmed != nil { known = try confirmed() }
      } catch { unread = error.message }
      do throws(AgentFailure) {
        if tried?.revision != before.state.trial?.revision.rawValue {
          tried = try before.state.trial.map { (trial) throws(AgentFailure) in
            ConfirmedRuleset(revision: trial.revision.rawValue, table: try table(trial.revision))
          }
        }
      } catch {
        tried = nil
        damaged.append(error.message)
      }
      let drift = try host.drift(from: known?.table, trial: tried?.table, hold)
      if drift.own != nil { counted = WatchSaying.Counted(allowed: drift.allowed, denied: drift.denied) }
      // Every command says on disk what it is about before it changes anything in the kernel.
      let after = try contentHere()
      if after != before { return .unfinished }
      damage = damaged.filter { $0 != unread }
      if let unread { return .unknown(unread, Deviation.Kind(drift.own)) }
      return sight(before.state, known, drift)
    } catch {
      return .unknown(error.message, nil)
    }
  }

  private func sight(
    _ state: HostState, _ known: ConfirmedRuleset?, _ drift: LocalHost.Drift
  ) -> Sight {
    if let stop = state.stop { return .stopped(stop, left: left(of: stop)) }
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

extension Deviation.Kind {
  /// What can be told of a table alone; `nil`: nothing.
  fileprivate init?(_ own: Table?) {
    guard let own else {
      self = .gone
      return
    }
    if own.flags.contains(.dormant) {
      self = .dormant
    } else if own.isFallback {
      self = .fallback
    } else {
      return nil
    }
  }
}

extension Deviation {
  /// `nil`: nothing differs.
  fileprivate init?(_ drift: LocalHost.Drift) {
    if drift.own != nil, drift.back.isEmpty { return nil }
    self.init(Kind(drift.own) ?? .altered, Self.objects(drift.back))
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
