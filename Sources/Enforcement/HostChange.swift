package import AgentProtocol
internal import Nftables
internal import NftablesNetlink
internal import RulesetDiff

extension LocalHost {
  /// Makes the host's table equal to the wanted one, in one transaction, or leaves it as it was.
  ///
  /// - Parameter tell: is told what happens on the way; when it throws, nothing is left of it.
  package func apply(
    _ request: Apply, tell: (Apply.Step) throws(AgentFailure) -> Void
  ) throws(AgentFailure) -> Applied {
    try checkTarget(request.wanted)
    let hold = try hold()
    defer { withExtendedLifetime(hold) {} }
    let kernel = hold.kernel
    var basis = Basis(seen: request.seen)
    var known = request.isLearning ? try track(kernel, &basis) : nil
    if request.isLearning, known == nil {
      basis.isTracking = true
      try tell(.tracking)
      basis.pause = Backoff()
    }
    while known != nil || basis.pause.hasMore {
      let found = if let known { known } else { try current(kernel, &basis) }
      known = nil
      let change = TableDiff.change(from: found.own, to: request.wanted)
      if change.isEmpty {
        return Applied(operations: 0, generation: found.generation, retries: basis.retries)
      }
      if !basis.isTracking { try checkOwner(found.own) }
      let made: UInt32
      do throws(CommitError) {
        made = try commit(change, kernel, at: found.generation)
      } catch {
        if case .moved = error {
          basis.pause.wait()
          continue
        }
        made = try settle(error, request.wanted, found, kernel)
      }
      try prove(change, of: request.wanted, generation: made, kernel)
      return Applied(operations: change.operations.count, generation: made, retries: basis.retries)
    }
    throw Self.tooFast
  }

  /// Others write without a pause that is long enough.
  static var tooFast: AgentFailure {
    AgentFailure(
      .moved, "the ruleset changes faster than it can be read and changed; nothing was done",
      remedy: "find out with \"nft monitor\" what changes it, and try again")
  }

  /// Our table, and the generation it was read at; `nil`: there is none.
  struct FoundTable {
    let own: InstalledTable?
    let generation: UInt32
  }

  /// What a change may rest on.
  struct Basis {
    let seen: Seen?
    /// Whether the table that stands there is our own ``TrackingTable``, which nobody else may change.
    var isTracking = false
    /// One for everything that is tried for a request.
    var pause = Backoff()
    var digests = ContentDigests()

    init(seen: Seen?) { self.seen = seen }

    var retries: Int { max(0, pause.taken - 1) }
  }

  /// What is there now, if it is what was looked at.
  ///
  /// - Throws: ``AgentProtocol/AgentFailure`` `.moved`, which names what is not.
  func current(_ kernel: any HostKernel, _ basis: inout Basis) throws(AgentFailure) -> FoundTable {
    guard let seen = basis.seen else { return try own(kernel, &basis.pause) }
    if try isUnmoved(kernel, since: seen) {
      let found = try own(kernel, &basis.pause)
      if found.generation == seen.moment.generation { return found }
    }
    // The number has moved: by somebody's hand on what was looked at, or on something else.
    let found = try read(kernel, &basis.pause)
    let present = try self.seen(found, &basis.digests)
    let compared =
      basis.isTracking ? Seen(moment: present.moment, own: seen.own, others: present.others) : present
    if let difference = compared.differences(from: seen).first {
      throw AgentFailure(
        .moved, "\(difference) since the change was looked at; nothing was applied", remedy: "look again")
    }
    return FoundTable(own: found.own, generation: found.generation)
  }

  private func isUnmoved(_ kernel: any HostKernel, since seen: Seen) throws(AgentFailure) -> Bool {
    let generation: UInt32
    do throws(ReadError) { generation = try kernel.generation() } catch { throw AgentFailure(error) }
    return try moment(generation) == seen.moment
  }

  private func own(
    _ kernel: any HostKernel, _ pause: inout Backoff
  ) throws(AgentFailure) -> FoundTable {
    repeat {
      do throws(ReadError) {
        let own = try kernel.table(family, name)
        let generation = if let own { own.generation } else { try kernel.generation() }
        return FoundTable(own: own, generation: generation)
      } catch {
        guard case .unsettled = error else { throw AgentFailure(error) }
      }
      pause.wait()
    } while pause.hasMore
    throw Self.tooFast
  }

  /// Carries out a change, its preparations in a transaction ahead of it; both are bound to the
  /// generation that was read.
  private func commit(
    _ change: Change, _ kernel: any HostKernel, at generation: UInt32
  ) throws(CommitError) -> UInt32 {
    var present = generation
    if let preparation = change.preparation {
      present = try kernel.commit(preparation, expecting: present)
    }
    return try kernel.commit(change.main, expecting: present)
  }

  /// Finds out what became of a transaction that failed.
  ///
  /// The kernel's word that it refused stands. Whatever else went wrong may have gone wrong behind the
  /// transaction: then the ruleset tells.
  ///
  /// - Returns: the generation that has what is wanted.
  private func settle(
    _ error: CommitError, _ wanted: Table, _ before: FoundTable,
    _ kernel: any HostKernel
  ) throws(AgentFailure) -> UInt32 {
    var failure = AgentFailure(error)
    switch error {
    case .moved, .refused, .unencodable: throw failure
    case .discarded, .uncertain, .netlink: break
    }
    let after: InstalledTable?
    do throws(ReadError) {
      after = try kernel.table(family, name)
    } catch {
      failure.happened = .unknown
      throw failure
    }
    if let after, TableDiff.change(from: after, to: wanted).isEmpty { return after.generation }
    // The declared size of a set may have been raised, in a transaction ahead; no packet sees it.
    if after?.table == before.own?.table { throw failure }
    if let own = before.own, TableDiff.change(from: after, to: own.table).isEmpty { throw failure }
    failure.happened = .unknown
    throw failure
  }

  /// A table with an owner can be changed by nobody else; the kernel's answer to that is EPERM, which
  /// root would not understand.
  private func checkOwner(_ installed: InstalledTable?) throws(AgentFailure) {
    guard let table = installed?.table, table.flags.contains(.owner) else { return }
    throw AgentFailure(
      .refused, "it belongs to another running program, which alone may change it",
      object: "table \(table.title)", remedy: "end that program, then apply again")
  }
}
