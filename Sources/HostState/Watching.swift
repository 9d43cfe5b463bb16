package import Addressing

/// What whoever watches a host finds of its table, beside what the books say.
package enum Sight: Hashable, Sendable {
  /// Nothing was ever confirmed; perhaps a first trial runs.
  case nothingConfirmed(trial: RevisionNumber?)
  /// Somebody has taken the rules away on purpose.
  ///
  /// - Parameter left: milliseconds for which that goes on, 0 where its time is over; `nil`: it has none.
  case stopped(HostState.Stop, left: UInt64?)
  /// The kernel has what was confirmed, perhaps with a trial beside it.
  case asConfirmed(RevisionNumber, trial: RevisionNumber?)
  /// It has something else.
  ///
  /// - Parameter left: milliseconds for which a trial still judges beside it.
  case deviates(RevisionNumber, Deviation, left: UInt64?)
  /// A command is at work, or has died in the middle of it.
  case unfinished
  /// It cannot be told: why, and what can be told of the table nevertheless.
  case unknown(String, Deviation.Kind?)
}

/// How a table is not what was confirmed.
package struct Deviation: Hashable, Sendable {
  /// What has become of the table as a whole.
  package enum Kind: String, Hashable, Sendable {
    /// There is no table.
    case gone
    /// The ruleset stands that a boot loads where it cannot load what was confirmed.
    case fallback
    /// Switched off as a whole: nothing judges.
    case dormant
    case altered
    /// What was confirmed stands, and the rules on trial beside it are not those of their revision.
    case trial
  }

  /// One object that is not as it was confirmed.
  package struct Object: Hashable, Sendable {
    /// What somebody has done to it.
    package enum Way: String, Hashable, Sendable { case added, removed, changed }

    package let way: Way
    /// `rule`, `chain`, `set`, …
    package let kind: String
    /// Its name; of a rule, its chain's.
    package let name: String
    /// In nft's words.
    package let text: String

    package init(_ way: Way, _ kind: String, _ name: String, _ text: String) {
      self.way = way
      self.kind = kind
      self.name = name
      self.text = text
    }
  }

  /// Objects that are told; the rest is counted.
  package static let mostTold = 8

  package let kind: Kind
  /// The first of those that differ; none of a table that is gone.
  package let objects: [Object]
  /// How many differ beyond those.
  package let more: Int

  package init(_ kind: Kind, _ objects: [Object] = []) {
    self.kind = kind
    self.objects = Array(objects.prefix(Self.mostTold))
    more = objects.count - self.objects.count
  }
}

/// Who changed something, as the kernel tells it: a process may have ended, and calls itself what it likes.
package struct ChangeHint: Hashable, Sendable {
  package let program: String
  package let process: UInt32?
  /// Of the process, where it was still there.
  package let cgroup: String?

  package init(program: String, process: UInt32?, cgroup: String?) {
    self.program = program
    self.process = process
    self.cgroup = cgroup
  }
}

/// What whoever watches says.
package enum WatchSaying: Hashable, Sendable {
  /// The state of the table, whenever it is another than was said last.
  case found(Sight)
  /// The table is not what was confirmed.
  case deviates(RevisionNumber, Deviation, by: [ChangeHint], Consequence)
  /// What was confirmed stands again, and was proven to.
  case restored(RevisionNumber, Restored)
  /// It could not be put back: why. It is tried again.
  case notRestored(RevisionNumber, String)
  /// What a command has left that died, or a stop whose time is over, could not be ended: why. It is tried again.
  case notLedOut(String)
  /// What cannot be read of the books and does not count, while the rest does.
  case damaged([String])
  /// Somebody has tripped a tripwire of the host; how many more have.
  case tripped([Trip], more: Int)
  /// Tables of others were changed.
  case foreign(tables: [String], by: ChangeHint)
  /// So many more changes of tables were not told one by one.
  case more(foreign: Int, own: Int)
  /// Notifications were lost; the ruleset was read anew.
  case lost
  /// The watch ends, because it was told to.
  case ended

  /// What follows from a table that is not what was confirmed.
  package enum Consequence: String, Hashable, Sendable {
    /// It is only told.
    case told
    /// It is put back at once.
    case restoring
    /// It is put back when the trial that runs is over.
    case waiting
    /// It was put back too often.
    case givenUp = "given-up"
  }

  /// Somebody who has tripped a tripwire.
  package struct Trip: Hashable, Sendable {
    package let address: Address
    package let tripwires: [String]
    /// For how long he is still refused.
    package let seconds: Int64
    /// Whether he is; else it is only observed, or too many are refused already.
    package let isCut: Bool

    package init(_ address: Address, tripwires: [String], seconds: Int64, isCut: Bool) {
      self.address = address
      self.tripwires = tripwires
      self.seconds = seconds
      self.isCut = isCut
    }
  }

  /// What became of putting a table back.
  package struct Restored: Hashable, Sendable {
    /// Objects that were added, changed and deleted.
    package let operations: Int
    /// Sessions that had begun meanwhile and were ended; `nil`: some may go on.
    package let sessions: Int?
    /// What the rules had counted when they were looked at last; `nil`: they never were.
    package let counted: Counted?

    package init(operations: Int, sessions: Int?, counted: Counted? = nil) {
      self.operations = operations
      self.sessions = sessions
      self.counted = counted
    }
  }

  /// What rules have counted: packets, each the first of a connection.
  package struct Counted: Hashable, Sendable {
    /// By the flow that allows them.
    package let allowed: [String: UInt64]
    package let denied: UInt64

    package init(allowed: [String: UInt64], denied: UInt64) {
      self.allowed = allowed
      self.denied = denied
    }
  }
}

/// What whoever watches does next.
package enum WatchAct: Hashable, Sendable {
  case say(WatchSaying)
  /// Makes the table what was confirmed.
  case restore(RevisionNumber)
  /// Takes the steps out of what a command has left that died.
  case leadOut
  /// Looks again without having been told of anything.
  case lookAgain(milliseconds: UInt64)
}

/// What became of an attempt to put a table back.
package enum RestoreOutcome: Hashable, Sendable {
  case restored(WatchSaying.Restored)
  /// Another command is at work on the host.
  case busy
  case failed(String)
}

/// What a watch remembers between two looks, and what follows from each.
///
/// Times are since it began, by a clock that nobody sets.
package struct WatchState: Sendable {
  /// How often a table is put back within ``window``: two programs that do not agree must not fight for ever.
  package static let mostRestores = 3
  package static let window = Duration.seconds(600)
  /// What fails is tried again after a second, then after twice as long each time, up to this.
  package static let longestPause = 60
  /// Looks at what a command has left unfinished before it is taken for dead.
  package static let patience = 100
  /// Lines about changes within ``period``; what is beyond is counted.
  package static let mostLines = 10
  package static let period = Duration.seconds(60)

  package let restores: Bool
  private var said: (sight: Sight, consequence: WatchSaying.Consequence?)?
  /// When a table was put back, or is tried to be.
  private var attempts: [Duration] = []
  /// Attempts that failed one after the other, why the last did, and when there is another.
  private var failures = 0
  private var failure: String?
  private var pauseEnds: Duration?
  /// Why what was left behind could not be ended.
  private var stuck: String?
  private var damage: [String] = []
  private var hasGivenUp = false
  private var unfinished = 0
  private var own = Lines()
  private var foreign = Lines()

  package init(restores: Bool) { self.restores = restores }

  /// What follows from a look.
  ///
  /// - Parameter hints: who changed the table since the look before.
  package mutating func see(_ sight: Sight, by hints: [ChangeHint], at now: Duration) -> [WatchAct] {
    if case .unfinished = sight { return seeUnfinished() }
    unfinished = 0
    if case .stopped(let stop, let left) = sight { return seeStopped(stop, left, at: now) }
    stuck = nil
    guard case .deviates(let number, let deviation, let left) = sight else {
      forgetFailures()
      return say(.found(sight), of: sight, nil, at: now)
    }
    let (consequence, acts) = consequence(number, left, at: now)
    // Time that has gone by is no other deviation. The rules come first: who reads what is said may be slow.
    return acts
      + say(
        .deviates(number, deviation, by: hints, consequence), of: .deviates(number, deviation, left: nil),
        consequence, at: now)
  }

  /// What follows from books of which not all can be read.
  package mutating func see(damage found: [String], at now: Duration) -> [WatchAct] {
    if found == damage { return [] }
    damage = found
    return !found.isEmpty && own.hasRoom(at: now) ? [.say(.damaged(found))] : []
  }

  /// What follows from an attempt.
  package mutating func settle(
    _ outcome: RestoreOutcome, of number: RevisionNumber, at now: Duration
  ) -> [WatchAct] {
    switch outcome {
    case .restored(let restored) where restored.operations == 0:
      // Somebody else was ahead.
      _ = attempts.popLast()
      forgetFailures()
      return [.lookAgain(milliseconds: 0)]
    case .restored(let restored):
      said = (.asConfirmed(number, trial: nil), nil)
      forgetFailures()
      return [.say(.restored(number, restored))]
    case .busy:
      // Nothing was tried.
      _ = attempts.popLast()
      return [.lookAgain(milliseconds: 500)]
    case .failed(let reason):
      // Nothing was put back that somebody could have undone.
      _ = attempts.popLast()
      let seconds = min(Self.longestPause, 1 << min(failures, 10))
      failures += 1
      pauseEnds = now + .seconds(seconds)
      let isSaid = failure == reason
      failure = reason
      return (isSaid ? [] : [.say(.notRestored(number, reason))])
        + [.lookAgain(milliseconds: UInt64(seconds) * 1000)]
    }
  }

  /// What follows where what was left behind could not be ended; it is looked at again in any case.
  package mutating func settleLeadOut(_ reason: String) -> [WatchAct] {
    defer { stuck = reason }
    return stuck == reason ? [] : [.say(.notLedOut(reason))]
  }

  /// Tables of others were changed.
  package mutating func hear(
    _ tables: [String], by hint: ChangeHint, at now: Duration
  ) -> [WatchAct] { foreign.hasRoom(at: now) ? [.say(.foreign(tables: tables, by: hint))] : [] }

  /// Notifications were lost.
  package mutating func miss(at now: Duration) -> [WatchAct] {
    foreign.hasRoom(at: now) ? [.say(.lost)] : []
  }

  /// What was counted and not told, once its time has come.
  package mutating func count(at now: Duration) -> [WatchAct] {
    let (foreign, own) = (foreign.counted(at: now), own.counted(at: now))
    if foreign + own == 0 { return [] }
    var acts = [WatchAct.say(.more(foreign: foreign, own: own))]
    if own > 0 {
      // What is there may be what was not told.
      said = nil
      damage = []
      acts.append(.lookAgain(milliseconds: 0))
    }
    return acts
  }

  private mutating func say(
    _ saying: WatchSaying, of sight: Sight, _ consequence: WatchSaying.Consequence?, at now: Duration
  ) -> [WatchAct] {
    if let said, said == (sight, consequence) { return [] }
    said = (sight, consequence)
    return own.hasRoom(at: now) ? [.say(saying)] : []
  }

  private mutating func forgetFailures() { (failures, failure, pauseEnds) = (0, nil, nil) }

  private mutating func seeStopped(
    _ stop: HostState.Stop, _ left: UInt64?, at now: Duration
  ) -> [WatchAct] {
    forgetFailures()
    // Time that goes by is nothing new until it is over.
    let said = Sight.stopped(stop, left: left == 0 ? 0 : nil)
    let acts = say(.found(.stopped(stop, left: left)), of: said, nil, at: now)
    guard let left else { return acts }
    if left > 0 { return acts + [.lookAgain(milliseconds: left + 100)] }
    // Who should have ended it is gone, or about to.
    return restores ? [.leadOut, .lookAgain(milliseconds: 5000)] + acts : acts
  }

  private mutating func seeUnfinished() -> [WatchAct] {
    unfinished += 1
    let again = WatchAct.lookAgain(milliseconds: 200)
    if unfinished % Self.patience != 0 { return [again] }
    let isSaid = said?.sight == .unfinished
    said = (.unfinished, nil)
    return (isSaid ? [] : [.say(.found(.unfinished))]) + (restores ? [.leadOut] : []) + [again]
  }

  private mutating func consequence(
    _ number: RevisionNumber, _ left: UInt64?, at now: Duration
  ) -> (WatchSaying.Consequence, [WatchAct]) {
    if !restores { return (.told, []) }
    if hasGivenUp { return (.givenUp, []) }
    if let left { return (.waiting, [.lookAgain(milliseconds: left + 100)]) }
    if let pauseEnds, now < pauseEnds {
      return (.restoring, [.lookAgain(milliseconds: UInt64((pauseEnds - now) / .milliseconds(1)) + 1)])
    }
    attempts.removeAll { now - $0 >= Self.window }
    if attempts.count >= Self.mostRestores {
      hasGivenUp = true
      return (.givenUp, [])
    }
    attempts.append(now)
    return (.restoring, [.restore(number)])
  }

  /// How many lines of a kind were said.
  private struct Lines: Hashable, Sendable {
    private var since: Duration?
    private var said = 0
    private var held = 0

    /// Whether another may be said; counts it.
    mutating func hasRoom(at now: Duration) -> Bool {
      if held == 0, since.map({ now - $0 >= WatchState.period }) ?? true {
        since = now
        said = 0
      }
      if said < WatchState.mostLines {
        said += 1
        return true
      }
      held += 1
      return false
    }

    /// How many were not said in a time that is over.
    mutating func counted(at now: Duration) -> Int {
      guard held > 0, let since, now - since >= WatchState.period else { return 0 }
      defer {
        held = 0
        said = 0
        self.since = now
      }
      return held
    }
  }
}
