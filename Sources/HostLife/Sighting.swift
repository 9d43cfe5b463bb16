package import AgentProtocol
internal import Enforcement
package import HostState
internal import HostStore
internal import Nftables
internal import RulesetDiff

extension HostLife {
  /// A revision as it was read of the disk, so that it need not be read at every look.
  package struct KnownRevision {
    let about: Revision
    let ruleset: ConfirmedRuleset

    package init(about: Revision, ruleset: ConfirmedRuleset) {
      self.about = about
      self.ruleset = ruleset
    }
  }

  /// Whether the disk has another revision by the same number: who empties the directory counts from 1 again. What cannot be
  /// read any more is what it was.
  func isOther(than known: KnownRevision) -> Bool {
    guard let about = try? store.about(known.about.number) else { return false }
    return about != known.about
  }

  /// Our table beside the books. Nobody is kept from the host by it, and nothing is changed.
  ///
  /// - Parameters:
  ///   - known: what was read of the disk last.
  ///   - tried: the same of what is on trial.
  ///   - counted: what the rules have counted, where there are any.
  ///   - damage: what cannot be read of the books. Only where that is what was confirmed nothing can be told.
  func sight(
    _ known: inout KnownRevision?, tried: inout KnownRevision?, counted: inout WatchSaying.Counted?,
    damage: inout [String]
  ) -> Sight {
    do throws(AgentFailure) {
      let hold = try host.conversation()
      let before = try contentHere()
      // Whoever finds it carries it on, also where it is to end a stop.
      if before.state.trial?.phase == .accepted { return .unfinished }
      var unread: String?
      var damaged = before.damage.map { "\($0)" }
      do throws(AgentFailure) {
        try read(before.state.confirmed, &known)
        try requireKnown(before)
      } catch { unread = error.message }
      do throws(AgentFailure) { try read(before.state.trial?.revision, &tried) } catch {
        damaged.append(error.message)
      }
      let kept = kept(before, try Self.place())
      let drift = try host.drift(
        from: known?.ruleset.table, trial: tried?.ruleset.table, keeping: kept.elements, known: kept.known,
        hold)
      if drift.own != nil { counted = WatchSaying.Counted(allowed: drift.allowed, denied: drift.denied) }
      // Every command says on disk what it is about before it changes anything in the kernel.
      let after = try contentHere()
      if after != before || known.map(isOther(than:)) ?? false { return .unfinished }
      damage = damaged.filter { $0 != unread }
      if let unread { return .unknown(unread, Deviation.Kind(drift.own)) }
      return sight(before.state, known?.ruleset, drift)
    } catch {
      return .unknown(error.message, nil)
    }
  }

  /// Reads a revision where it is not the one that is known. What is known and cannot be read any more stays so.
  private func read(_ number: RevisionNumber?, _ known: inout KnownRevision?) throws(AgentFailure) {
    if let known, known.about.number == number, !isOther(than: known) { return }
    known = nil
    guard let number else { return }
    let about = try reading { () throws(HostStore.Failure) in try store.about(number) }
    known = KnownRevision(
      about: about, ruleset: ConfirmedRuleset(revision: number.rawValue, table: try table(number)))
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
