package import AgentProtocol
internal import Nftables
internal import NftablesNetlink
internal import RulesetDiff

extension LocalHost {
  /// Makes the host's table equal to the wanted one, or leaves it as it was.
  ///
  /// In one transaction where that is enough; what lies between two of them judges every packet as the old table does or as
  /// the wanted one does.
  ///
  /// - Parameter tell: is told what happens on the way; when it throws, nothing is left of it.
  package func apply(
    _ request: Apply, tell: (Apply.Step) throws(AgentFailure) -> Void
  ) throws(AgentFailure) -> Applied {
    try checkTarget(request.wanted)
    return try change(request, try hold(), tell: tell)
  }

  /// The same, by who may change the host.
  ///
  /// - Parameter losing: is called ahead of a transaction that something goes with which rules have counted.
  package func change(
    _ request: Apply, _ hold: Hold, losing: (Loss) -> Void = { _ in },
    tell: (Apply.Step) throws(AgentFailure) -> Void
  ) throws(AgentFailure) -> Applied {
    defer { withExtendedLifetime(hold) {} }
    var basis = Basis(wanted: request.wanted, seen: request.seen)
    do throws(AgentFailure) {
      return try change(request, hold.kernel, &basis, losing, tell)
    } catch {
      guard let waypoint = basis.waypoint else { throw error }
      throw stranded(error, at: waypoint, hold.kernel, basis.pause)
    }
  }

  private func change(
    _ request: Apply, _ kernel: any HostKernel, _ basis: inout Basis, _ losing: (Loss) -> Void,
    _ tell: (Apply.Step) throws(AgentFailure) -> Void
  ) throws(AgentFailure) -> Applied {
    var operations = 0
    var waypoints = 0
    var forgetsSilentSessions: Bool?
    var known = request.isLearning ? try track(kernel, &basis) : nil
    if request.isLearning, known == nil {
      if try !keepSessions(allowedBy: request.wanted, kernel) { forgetsSilentSessions = true }
      try tell(.tracking)
      basis.pause = Backoff()
    }
    while known != nil || basis.pause.hasMore {
      let found = if let known { known } else { try current(kernel, &basis) }
      known = nil
      let waypoint = TableDiff.waypoint(from: found.own, to: request.wanted)
      let change = TableDiff.change(from: found.own, to: waypoint ?? request.wanted)
      if change.isEmpty {
        return Applied(operations: operations, generation: found.generation, retries: basis.retries)
      }
      try checkOwner(found.own)
      if let loss = Loss(of: change) {
        // Whoever is told reads again, and need not list what has not changed.
        note(found)
        losing(loss)
      }
      guard let made = try carryOut(change, to: waypoint ?? request.wanted, found, kernel, basis.pause) else {
        basis.pause.wait()
        continue
      }
      operations += change.operations.count
      if let waypoint {
        basis.waypoint = Waypoint(table: waypoint, before: basis.waypoint?.before ?? found)
        waypoints += 1
        if waypoints > Self.mostWaypoints {
          throw AgentFailure(.failed, "the table does not become the wanted one, however often it is changed")
        }
        kernel.letPacketsThrough()
        basis.pause = Backoff()
        continue
      }
      basis.waypoint = nil
      try prove(change, of: request.wanted, found, generation: made, kernel, basis.pause)
      return Applied(
        operations: operations, generation: made, retries: basis.retries,
        forgetsSilentSessions: forgetsSilentSessions)
    }
    throw Self.tooFast
  }

  /// What goes with a transaction of what rules have counted.
  package enum Loss: Hashable, Sendable {
    /// The counts of rules that go.
    case rules
    /// The table as a whole, with all that it has recorded.
    case table

    /// `nil`: nothing.
    fileprivate init?(of change: Change) {
      if change.operations.first == .deleteTable {
        self = .table
      } else if change.operations.contains(where: { if case .deleteRule = $0 { true } else { false } }) {
        self = .rules
      } else {
        return nil
      }
    }
  }

  /// Notes our table as it was just read.
  func note(_ found: FoundTable) {
    if let moment = try? moment(found.generation) { lastRead.note(found, at: moment) }
  }

  /// A change has three at most; others may move the table in between.
  private static let mostWaypoints = 16

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

  /// Where an apply has got to that goes by one.
  struct Waypoint {
    let table: Table
    /// What was there before the first.
    let before: FoundTable
  }

  /// What a change may rest on.
  struct Basis {
    let wanted: Table
    let seen: Seen?
    /// Where the apply has got to, if it goes by one.
    var waypoint: Waypoint?
    /// One for everything that is tried for a request.
    var pause = Backoff()
    var digests = ContentDigests()

    init(wanted: Table, seen: Seen?) {
      self.wanted = wanted
      self.seen = seen
    }

    var retries: Int { max(0, pause.taken - 1) }
  }

  /// What is there now, if it is what was looked at.
  ///
  /// - Throws: ``AgentProtocol/AgentFailure`` `.moved`, which names what is not.
  func current(_ kernel: any HostKernel, _ basis: inout Basis) throws(AgentFailure) -> FoundTable {
    guard let seen = basis.seen else { return try own(kernel, &basis.pause) }
    if try isUnmoved(kernel, since: seen) {
      if let known = lastRead.found(at: seen.moment) { return known }
      let found = try own(kernel, &basis.pause)
      if found.generation == seen.moment.generation { return found }
    }
    // The number has moved: by somebody's hand on what was looked at, or on something else.
    let found = try read(kernel, &basis.pause)
    let present = try self.seen(found, &basis.digests)
    // Nor does it matter who made the table what it is to become: it may be what an apply had accepted before it died.
    let isAsMeant = TableDiff.change(from: found.own, to: basis.waypoint?.table ?? basis.wanted).isEmpty
    let compared =
      isAsMeant ? Seen(moment: present.moment, own: seen.own, others: present.others) : present
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

  func own(
    _ kernel: any HostKernel, _ pause: inout Backoff
  ) throws(AgentFailure) -> FoundTable {
    do throws(ReadError) {
      return try pause.reading { () throws(ReadError) in
        let own = try kernel.table(family, name)
        let generation = if let own { own.generation } else { try kernel.generation() }
        return FoundTable(own: own, generation: generation)
      }
    } catch { throw AgentFailure(error) }
  }

  /// The same.
  ///
  /// - Parameter pause: what has been waited so far, where it is a part of more: whoever asked waits for all of it.
  func own(
    _ kernel: any HostKernel, behind pause: Backoff = Backoff()
  ) throws(AgentFailure) -> FoundTable {
    var pause = pause
    return try own(kernel, &pause)
  }

  /// Carries out a change, each of its transactions bound to the generation that the one before made, the first to the one
  /// that was read.
  ///
  /// - Returns: the generation that was made; `nil`: somebody else came in between, and nothing is left of the change.
  private func carryOut(
    _ change: Change, to wanted: Table, _ found: FoundTable, _ kernel: any HostKernel, _ pause: Backoff
  ) throws(AgentFailure) -> UInt32? {
    var present = found.generation
    for (index, step) in change.steps.enumerated() {
      do throws(CommitError) {
        present = try kernel.commit(step, expecting: present)
      } catch {
        if case .moved = error, index == 0 { return nil }
        if let made = try settle(error, wanted, kernel, pause) { return made }
        let isTakenBack = takeBack(change, kernel, pause)
        if case .moved = error, isTakenBack { return nil }
        throw failure(error, isTakenBack, found, kernel, pause)
      }
    }
    return present
  }

  /// What is told of a transaction that failed.
  private func failure(
    _ error: CommitError, _ isTakenBack: Bool, _ before: FoundTable, _ kernel: any HostKernel,
    _ pause: Backoff
  ) -> AgentFailure {
    let cause = AgentFailure(error)
    var failure =
      isTakenBack
      ? cause
      : AgentFailure(
        cause.code,
        "\(cause.message); what was made ahead of it is left in table \(family) \(name)",
        object: cause.object, element: cause.element, errno: cause.errno,
        remedy: "apply again: what is not needed is then removed")
    switch error {
    case .moved, .refused, .unencodable: return failure
    case .discarded, .uncertain, .netlink: break
    }
    do throws(AgentFailure) {
      let after = try own(kernel, behind: pause).own
      let isAsBefore =
        switch (after, before.own) {
        case (nil, nil): true
        case (let after?, let before?):
          after.table == before.table || TableDiff.change(from: after, to: before.table).isEmpty
        default: false
        }
      if !isAsBefore { failure.happened = .unknown }
    } catch { failure.happened = .unknown }
    return failure
  }

  /// Takes out again what a change has made ahead, which nothing leads to.
  ///
  /// - Returns: whether nothing is left of it.
  private func takeBack(_ change: Change, _ kernel: any HostKernel, _ pause: Backoff) -> Bool {
    guard change.transactions.count > 1, let ahead = change.transactions.first else { return true }
    var chains: Set<ChainName> = []
    var sets: Set<SetName> = []
    var isOurTable = false
    for operation in ahead {
      switch operation {
      case .addTable: isOurTable = true
      case .addChain(let name, _, _): chains.insert(name)
      case .addSet(let set): sets.insert(set.name)
      default: break
      }
    }
    var pause = pause
    repeat {
      let found: InstalledTable?
      do throws(AgentFailure) { found = try own(kernel, &pause).own } catch { return false }
      guard let found else { return true }
      let table = found.table
      let rest = Table(
        family: family, name: name, flags: table.flags, comment: table.comment,
        chains: table.chains.filter { !chains.contains($0.name) },
        sets: table.sets.filter { !sets.contains($0.name) }, others: table.others)
      let isEmptied = isOurTable && rest.chains.isEmpty && rest.sets.isEmpty && rest.others.isEmpty
      let back =
        isEmptied
        ? Change(family: family, table: name, operations: [.deleteTable])
        : TableDiff.change(from: found, to: rest)
      do throws(CommitError) {
        var generation = found.generation
        for step in back.steps { generation = try kernel.commit(step, expecting: generation) }
        return true
      } catch {
        guard case .moved = error else { return false }
      }
      pause.wait()
    } while pause.hasMore
    return false
  }

  /// What has happened when an apply ends between a waypoint and what is wanted.
  private func stranded(
    _ error: AgentFailure, at waypoint: Waypoint, _ kernel: any HostKernel, _ pause: Backoff
  ) -> AgentFailure {
    var failure = error
    failure.happened = .unknown
    let present: InstalledTable?
    do throws(AgentFailure) { present = try own(kernel, behind: pause).own } catch { return failure }
    // What somebody has made of it meanwhile is not ours to undo, nor to call our change.
    guard let present, TableDiff.change(from: present, to: waypoint.table).isEmpty else { return failure }
    if !waypoint.table.flags.contains(.dormant) {
      return AgentFailure(
        .unproven,
        "the change is in force, and parts that were needed on the way to it are still there: \(error.message)",
        object: error.object, element: error.element, errno: error.errno, remedy: "apply again",
        happened: .applied)
    }
    // Nothing has judged by it; it is made what it was.
    guard let before = waypoint.before.own?.table else { return failure }
    var generation = present.generation
    for step in TableDiff.change(from: present, to: before).steps {
      guard let made = try? kernel.commit(step, expecting: generation) else { return failure }
      generation = made
    }
    failure.happened = .nothing
    return failure
  }

  /// Finds out what became of a transaction that failed.
  ///
  /// The kernel's word that it refused stands. Whatever else went wrong may have gone wrong behind the
  /// transaction: then the ruleset tells.
  ///
  /// - Returns: the generation that has what is wanted; `nil`: there is none.
  private func settle(
    _ error: CommitError, _ wanted: Table, _ kernel: any HostKernel, _ pause: Backoff
  ) throws(AgentFailure) -> UInt32? {
    switch error {
    case .moved, .refused, .unencodable: return nil
    case .discarded, .uncertain, .netlink: break
    }
    var failure = AgentFailure(error)
    do throws(AgentFailure) {
      guard let after = try own(kernel, behind: pause).own else { return nil }
      return TableDiff.change(from: after, to: wanted).isEmpty ? after.generation : nil
    } catch {
      failure.happened = .unknown
      throw failure
    }
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
