package import AgentProtocol
internal import Enforcement
internal import HostState
internal import HostStore
internal import Nftables
internal import RulesetDiff

extension HostLife {
  /// What became of a table that was put back.
  package struct Restored: Hashable, Sendable {
    /// Objects that were added, changed and deleted; 0: it was as it should be.
    package let operations: Int
    /// What became of sessions that had begun meanwhile.
    let cut: CutReport?

    /// Those of them that have ended; `nil`: some may go on.
    package var sessions: Int? { cut.flatMap { $0.isComplete ? $0.sessions : nil } }
  }

  /// Makes the table again what was confirmed, and proves that it is.
  ///
  /// It judges at once: who waits for sessions to be learnt lets everything pass meanwhile. Those of this host that may
  /// begin are kept nevertheless, where the kernel can be told of them.
  ///
  /// - Parameters:
  ///   - known: what was read of the disk, so that it need not be read when it is needed.
  ///   - reason: what had become of the table, for the log.
  /// - Throws: ``AgentProtocol/AgentFailure``, which says what has happened: `trialRuns`, `busy`, `moved` where another
  ///   revision is the confirmed one.
  package func restore(
    _ known: KnownRevision, because reason: String
  ) throws(AgentFailure) -> Restored {
    var run = try begin()
    let state = run.content.state
    let script = try refusing(run) { (view) throws(HostStateRefusal) in
      try state.restore(because: reason, kernel: view)
    }
    let confirmed = known.ruleset
    guard state.confirmed == known.about.number, !isOther(than: known) else {
      throw AgentFailure(.moved, "revision \(confirmed.revision) is not the confirmed one any more")
    }
    let kept = kept(run.content, run.place)
    let drift = try host.drift(from: confirmed.table, keeping: kept.elements, known: kept.known, run.hold)
    // Somebody was ahead.
    if drift.own != nil, drift.back.isEmpty { return Restored(operations: 0, cut: nil) }
    run.isLearning = false
    run.known = confirmed
    // Whatever becomes of that, the whole follows.
    if run.own == nil, let first = keeping(confirmed.table, run).denyingFirst { try? make(first, &run) }
    try carryOut(script, nil, &run)
    if drift.own != nil {
      // A set that was there keeps what is in it, whoever has put it there or taken it out.
      do throws(AgentFailure) {
        run.operations += try host.correct(kept.elements, known: kept.known, run.hold)
      } catch {
        var failure = error
        failure.happened = .applied
        throw failure
      }
    }
    return Restored(operations: run.operations, cut: run.cut)
  }
}

extension Table {
  /// The kernel takes hundreds of thousands of elements a second, a table without them at once.
  private static let mostElements = 2000

  /// A table that denies what this one does and, where a set is large, also what this one allows by it: what is made
  /// first where nothing is denied, so that the time until something is does not grow with the peers of a host.
  ///
  /// Whoever is allowed and turned away meanwhile is asked to wait, not refused: TCP sends its first packet again after a
  /// second.
  ///
  /// - Returns: `nil`: the whole is there as soon.
  var denyingFirst: Table? {
    let large = Set(
      sets.filter { $0.data == nil && $0.elements.count > Self.mostElements && isOnlyAllowing($0.name) }
        .map(\.name))
    if large.isEmpty { return nil }
    return Table(
      family: family, name: name, flags: flags, comment: comment, chains: chains.map(\.notAnswering),
      sets: sets.map { set in
        large.contains(set.name) ? set.holding(.none(keyLength: set.elements.keyLength)) : set
      }, others: others)
  }

  /// Whether nothing but accepting hangs on what is in a set.
  private func isOnlyAllowing(_ set: SetName) -> Bool {
    chains.allSatisfy { chain in
      chain.rules.allSatisfy { rule in
        let lookups = rule.expressions.compactMap { expression -> Bool? in
          guard case .lookup(.named(set), _, let negated, _) = expression else { return nil }
          return negated
        }
        return lookups.isEmpty || !lookups.contains(true) && rule.expressions.last == .verdict(.accept)
      }
    }
  }
}

extension Chain {
  /// The same, where what ends by being refused is dropped: who is allowed and told no gives up at once.
  fileprivate var notAnswering: Chain {
    Chain(
      name: name, base: base, comment: comment,
      rules: rules.map { rule in
        guard case .reject = rule.expressions.last else { return rule }
        return Rule(rule.expressions.dropLast() + [.verdict(.drop)], comment: rule.comment)
      })
  }
}
