internal import Addressing
package import AgentProtocol
internal import Enforcement
package import HostState
internal import Machine
internal import RulesetShape
package import SystemPackage

/// Whoever watches a host: hears of every change of its ruleset, looks, and says or does what ``HostState/WatchState``
/// makes of it.
package struct Watch: ~Copyable {
  /// Notices that are heard ahead of a look; a flood of them must not keep it from being taken.
  private static let mostHeard = 512
  /// Who changed a table is told of so many at once.
  private static let mostHints = 3
  /// Of so many notices at once the control group is looked for.
  private static let mostAsked = 16
  /// Who has tripped a tripwire is named of so many at once.
  private static let mostTrips = 8
  /// How long is looked at nothing when nothing is heard.
  private static let longest = Duration.seconds(60)

  private let life: HostLife
  private let notices: HostNotices
  private let began = ContinuousClock.now
  private var state: WatchState
  private var known: HostLife.KnownRevision?
  private var tried: HostLife.KnownRevision?
  private var counted: WatchSaying.Counted?
  private var damage: [String] = []
  private var hints: [ChangeHint] = []
  /// When records were looked at last: seconds since 1970, UTC.
  private var recordsLookedAt: Int64?
  /// When they are brought to disk next.
  private var recordsDue = ContinuousClock.now
  /// Ahead of this nobody looks at which ports sessions are: to list a great many takes a while.
  private var portsDue = ContinuousClock.now
  /// Why they, or what flows are used for, could not be.
  private var recordTrouble: String?
  private var usageTrouble: String?
  /// Who was said to have tripped a tripwire, with the milliseconds that were left.
  private var tripsTold: [Trip: UInt64] = [:]
  /// When the next look is due.
  private var due = ContinuousClock.now
  /// Ahead of this nobody looks: a program that writes without a pause must not have this one read without one.
  private var rest = ContinuousClock.now

  /// Begins to listen; what is there already is looked at first.
  package init(_ life: HostLife, restores: Bool) throws(AgentFailure) {
    self.life = life
    notices = try life.host.notices()
    state = WatchState(restores: restores)
  }

  /// Why a watch ended.
  package enum End: Sendable {
    /// There was something to read where it is told to.
    case told
    /// Nobody reads what it says.
    case unheard
  }

  /// Watches until it is told not to.
  ///
  /// - Parameters:
  ///   - stop: is read from to end it.
  ///   - output: where what is said goes to.
  /// - Throws: ``AgentProtocol/AgentFailure`` when nothing is heard any more, or what `say` throws.
  package mutating func run(
    until stop: FileDescriptor, output: FileDescriptor, say: (WatchSaying) throws -> Void
  ) throws -> End {
    while true {
      let ready: FileDescriptor.Ready
      do throws(Errno) {
        ready = try FileDescriptor.wait(
          toRead: [notices.descriptor, stop], whileOpen: output, until: min(due, recordsDue))
      } catch {
        throw AgentFailure(.failed, "cannot wait for what the kernel says: \(error)")
      }
      if ready.isReadable[1] || ready.isClosed { keepRecords(isLast: true) }
      if ready.isReadable[1] {
        try say(.ended)
        return .told
      }
      if ready.isClosed { return .unheard }
      try hear(say)
      try perform(state.count(at: now), say)
      if due <= .now { try look(say) }
      if recordsDue <= .now {
        keepRecords()
        try tellTripped(say)
      }
    }
  }

  private var now: Duration { ContinuousClock.now - began }

  /// Takes what waits.
  private mutating func hear(_ say: (WatchSaying) throws -> Void) throws {
    for number in 0..<Self.mostHeard {
      guard let notice = try notices.next() else { return }
      let hint = ChangeHint(notice, isAsking: number < Self.mostAsked)
      if notice.isOwn {
        if let hint, !hints.contains(hint), hints.count < Self.mostHints { hints.append(hint) }
        due = min(due, max(rest, .now))
      }
      if notice.isLoss {
        hints = []
        try perform(state.miss(at: now), say)
      } else if let hint, !notice.others.isEmpty {
        try perform(state.hear(notice.others, by: hint, at: now), say)
      }
    }
  }

  /// Brings to disk what the table has recorded, and what its flows were used for. That it cannot is told with what cannot be read of the books.
  private mutating func keepRecords(isLast: Bool = false) {
    recordsDue = .now + Self.longest
    let now = life.clock()
    let before = [recordTrouble, usageTrouble]
    do throws(AgentFailure) {
      recordTrouble = try life.keepRecords(lookedAt: recordsLookedAt, isLast: isLast)
      recordsLookedAt = now
    } catch {
      if !isToBeTriedAgain(error) { recordTrouble = Self.trouble("records are not kept", error) }
    }
    do throws(AgentFailure) {
      usageTrouble = try life.keepUsage(isLast: isLast, seen: seenPorts())
    } catch {
      if !isToBeTriedAgain(error) {
        usageTrouble = Self.trouble("what flows are used for is not kept", error)
      }
    }
    if [recordTrouble, usageTrouble] != before { due = min(due, max(rest, .now)) }
  }

  /// At which ports sessions are, as often as takes a hundredth of the time at most. That it is not known is no trouble: how often was
  /// looked is told with what was seen.
  private mutating func seenPorts() -> [FlowPorts]? {
    let start = ContinuousClock.now
    if start < portsDue { return nil }
    defer { portsDue = start + (ContinuousClock.now - start) * 100 }
    return (try? life.host.seenPorts()) ?? nil
  }

  /// Whether another command was at work.
  private mutating func isToBeTriedAgain(_ error: AgentFailure) -> Bool {
    if error.code == .busy { recordsDue = .now + .seconds(5) }
    return error.code == .busy
  }

  /// Where nothing is enforced there is nothing to keep.
  private static func trouble(_ words: String, _ error: AgentFailure) -> String? {
    error.code == .refused ? nil : "\(words): \(error.message)"
  }

  /// Says who has tripped a tripwire since it was asked last. The kernel tells nobody what rules put into sets.
  private mutating func tellTripped(_ say: (WatchSaying) throws -> Void) throws {
    guard let tripped = try? life.host.tripped() else { return }
    let fresh = tripped.filter { one in
      // Whoever is there with more time left than before has tripped it again.
      tripsTold[Trip(address: one.address, isCut: one.isCut)].map { $0 < one.left } ?? true
    }
    tripsTold = Dictionary(
      tripped.map { (Trip(address: $0.address, isCut: $0.isCut), $0.left) },
      uniquingKeysWith: { first, _ in first })
    if fresh.isEmpty { return }
    let told = fresh.prefix(Self.mostTrips).map {
      WatchSaying.Trip(
        $0.address, tripwires: $0.tripwires, seconds: Int64(($0.left + 999) / 1000), isCut: $0.isCut)
    }
    try say(.tripped(told, more: fresh.count - told.count))
  }

  private struct Trip: Hashable {
    let address: Address
    let isCut: Bool
  }

  private mutating func look(_ say: (WatchSaying) throws -> Void) throws {
    let start = ContinuousClock.now
    let sight = life.sight(&known, tried: &tried, counted: &counted, damage: &damage)
    let end = ContinuousClock.now
    rest = end + min((end - start) * 4, .milliseconds(800))
    due = end + Self.longest
    try perform(state.see(sight, by: hints, at: now), of: sight, say)
    try perform(state.see(damage: damage + [recordTrouble, usageTrouble].compactMap(\.self), at: now), say)
    // Those of a command that is at work may be of somebody who came in between.
    if sight != .unfinished { hints = [] }
  }

  private mutating func perform(
    _ acts: [WatchAct], of sight: Sight? = nil, _ say: (WatchSaying) throws -> Void
  ) throws {
    var acts = acts[...]
    while let act = acts.popFirst() {
      switch act {
      case .say(let saying): try say(saying)
      case .lookAgain(let milliseconds): due = min(due, .now + .milliseconds(milliseconds))
      case .leadOut:
        do throws(AgentFailure) { _ = try life.recover() } catch {
          if error.code != .busy { acts += state.settleLeadOut(error.message) }
        }
      case .restore(let number): acts += state.settle(restore(sight), of: number, at: now)
      }
    }
  }

  private func restore(_ sight: Sight?) -> RestoreOutcome {
    guard let known, case .deviates(_, let deviation, _) = sight else { return .busy }
    do throws(AgentFailure) {
      let makers = hints.map { hint in hint.process.map { "\(hint.program) (pid \($0))" } ?? hint.program }
      let reason = ([deviation.kind.rawValue] + makers).joined(separator: ", ")
      let restored = try life.restore(known, because: reason)
      return .restored(
        .init(operations: restored.operations, sessions: restored.sessions, counted: counted))
    } catch {
      switch error.code {
      case .busy, .trialRuns, .moved: return .busy
      // Between the look and the attempt somebody has stopped the host.
      case .refused where (try? life.stopNow()) ?? nil != nil: return .busy
      default: return .failed(error.message)
      }
    }
  }
}
