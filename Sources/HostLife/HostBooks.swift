package import AgentProtocol
internal import Enforcement
package import HostState
internal import HostStore
internal import Machine
package import Nftables
internal import RulesetDiff
internal import SystemPackage

// What the books of the host say.

extension HostLife {
  /// The ruleset that boots.
  ///
  /// - Throws: ``AgentProtocol/AgentFailure``; `badRequest` where nothing was ever confirmed.
  package func confirmed() throws(AgentFailure) -> ConfirmedRuleset {
    let content = try reading { () throws(HostStore.Failure) in try store.load() }
    guard let number = content.state.confirmed else {
      try requireKnown(content)
      throw AgentFailure(
        .badRequest, "nothing was ever confirmed on this host", remedy: "apply and confirm a ruleset first")
    }
    return ConfirmedRuleset(revision: number.rawValue, table: try table(number))
  }

  /// Which revision boots, and whether the kernel has it; `nil`: nothing was ever confirmed.
  ///
  /// - Parameter installed: what the kernel has.
  /// - Throws: ``AgentProtocol/AgentFailure`` where the books do not say it, or its ruleset cannot be read: a boot would end
  ///   in the fallback.
  package func confirmedNow(_ installed: InstalledTable?) throws(AgentFailure) -> ConfirmedStatus? {
    let content = try contentHere()
    let state = content.state
    guard let number = state.confirmed else {
      try requireKnown(content)
      return nil
    }
    let isSettled = state.trial == nil && state.stop == nil
    let table = try table(number)
    let isDrifted = isSettled ? !TableDiff.change(from: installed, to: table).isEmpty : nil
    return ConfirmedStatus(
      revision: number.rawValue, time: try? store.about(number).time, isDrifted: isDrifted)
  }

  /// Whether the host has a table in its rules and boots with something else, or with nothing.
  ///
  /// - Returns: `nil`: a trial or a stop is about to end, one way or the other.
  package func bootsOtherwise(than table: Table) throws(AgentFailure) -> Bool? {
    let state = try contentHere().state
    if state.trial != nil || state.stop != nil { return nil }
    // What cannot be read is not booted with.
    guard let number = state.confirmed, let kept = try? store.ruleset(of: number) else { return true }
    if let wanted = try? table.fileJSON(), wanted == kept { return false }
    return (try? self.table(number)) != table
  }

  /// The ruleset of a revision that the host still has.
  package func ruleset(of number: RevisionNumber) throws(AgentFailure) -> Table { try table(number) }

  /// What the host was given, and what is on trial.
  ///
  /// - Parameter verifying: whether each revision is read, to see that its ruleset is what was written.
  package func books(verifying: Bool = false) throws(AgentFailure) -> Books {
    // The clock first: who finds it gone because a trial was confirmed finds that in the books behind it.
    let left = try host.trialLeft(try host.conversation())
    let content = try reading { () throws(HostStore.Failure) in try store.load() }
    let revisions = try reading { () throws(HostStore.Failure) in try store.revisions() }
    let chain = try reading { () throws(HostStore.Failure) in try store.audit() }
    let damage = content.damage + store.damage(of: revisions.map(\.number), readingRulesets: verifying)
    let confirmations = Dictionary(
      chain.entries.compactMap { entry in
        entry.event == "confirmed" ? entry.revision.map { ($0, (entry.time, entry.detail ?? "")) } : nil
      }, uniquingKeysWith: { $1 })
    return Books(
      confirmed: content.state.confirmed?.rawValue,
      trial: content.state.trial.flatMap { trial in
        // What is accepted is being confirmed, and not over: it stays, or is on trial again.
        guard left != nil || trial.phase == .accepted else { return nil }
        return Books.Running(
          revision: trial.revision.rawValue, left: left ?? 0, by: Self.words(trial.by))
      },
      revisions: revisions.map { number, about in
        Books.Entry(
          number: number.rawValue, digest: about?.digest, time: about?.time,
          by: about.map { Self.words($0.by) },
          why: about?.why, meaning: about?.meaning, confirmedAt: confirmations[number]?.0,
          confirmedBy: confirmations[number]?.1, index: about?.approved?.index,
          approvedBy: about?.approved.flatMap { $0.by.isEmpty ? nil : $0.by })
      },
      events: chain.entries.suffix(1000).map { entry in
        Books.Event(
          time: entry.time, by: Self.words(entry.by), event: entry.event, revision: entry.revision?.rawValue,
          detail: entry.detail, until: entry.until, why: entry.why)
      },
      chainFaults: chain.faults, chainTip: chain.tip, damage: damage.map { "\($0)" },
      index: content.state.approved?.index,
      indexDigest: content.state.approved?.digest)
  }

  /// What the disk says of this network namespace.
  func contentHere() throws(AgentFailure) -> HostStore.Content {
    var content = try reading { () throws(HostStore.Failure) in try store.load() }
    let place = try Self.place()
    if content.state.stop?.isElsewhere(than: place) == true { content.state.stop = nil }
    return content
  }

  /// The table of a revision.
  func table(_ number: RevisionNumber) throws(AgentFailure) -> Table {
    let bytes = try reading { () throws(HostStore.Failure) in try store.ruleset(of: number) }
    guard let tables = try? Table.tables(fromJSON: bytes), tables.count == 1 else {
      throw AgentFailure(.failed, "the ruleset of revision \(number) cannot be read")
    }
    return tables[0]
  }

  func reading<Value>(_ body: () throws(HostStore.Failure) -> Value) throws(AgentFailure) -> Value {
    do throws(HostStore.Failure) { return try body() } catch {
      if case .system(let failure) = error {
        throw failure.errno == .wouldBlock
          ? AgentFailure(.busy, "another command is at work on this host's books", object: failure.object)
          : AgentFailure(failure)
      }
      throw AgentFailure(.failed, "\(error)")
    }
  }

  static func words(_ actor: Actor) -> String {
    let user = actor.invokedBy.map { "\($0) (as \(actor.user))" } ?? actor.user
    return actor.from.map { "\(user) from \($0)" } ?? user
  }
}
