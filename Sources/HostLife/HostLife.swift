package import AgentProtocol
package import Enforcement
package import HostState
package import HostStore
internal import Machine
package import Nftables
internal import RulesetShape
package import Signing

/// One host over time: what it was given, what is on trial, what it goes back to.
///
/// Every command first takes the steps out of whatever was left behind by one that died.
package struct HostLife {
  let host: LocalHost
  let store: HostStore
  let actor: Actor
  let clock: () -> Int64
  let sinceBoot: () -> Int64
  let people: (Announcement) -> Void
  let keeper: () -> Void
  let trust: TrustedSigners

  /// - Parameters:
  ///   - actor: who asks.
  ///   - clock: seconds since 1970, UTC.
  ///   - sinceBoot: seconds since the boot.
  ///   - people: says something to everybody who is logged in.
  ///   - keeper: starts what puts back what was confirmed when a stop is over, whoever is gone by then.
  ///   - trust: whom the host believes.
  package init(
    _ host: LocalHost, _ store: HostStore, by actor: Actor, trust: TrustedSigners = TrustedSigners(),
    clock: @escaping () -> Int64,
    sinceBoot: @escaping () -> Int64 = BootClock.seconds, people: @escaping (Announcement) -> Void,
    keeper: @escaping () -> Void = {}
  ) {
    self.host = host
    self.store = store
    self.actor = actor
    self.clock = clock
    self.sinceBoot = sinceBoot
    self.people = people
    self.keeper = keeper
    self.trust = trust
  }

  /// What a host is to get.
  package enum Source: Sendable {
    case table(Table)
    /// A revision that the host still has.
    case revision(RevisionNumber)
  }

  /// What is said of a change in the books.
  package struct Reason: Hashable, Sendable {
    package let why: String?
    package let meaning: String

    package init(why: String?, meaning: String) {
      self.why = why
      self.meaning = meaning
    }
  }
}

extension HostLife {
  /// Lets new connections be judged by another table for a time that the kernel ends.
  ///
  /// - Parameters:
  ///   - seen: what the change was decided on.
  ///   - cutsNow: whether sessions that the table would not let begin end at once.
  ///   - signed: by what it is accepted.
  ///   - learn: is called where no table of ours made the kernel track connections yet, with everything let pass; what it
  ///     throws ends the trial before anything is in force.
  /// - Throws: ``AgentProtocol/AgentFailure``, which says what has happened; nothing is on trial then.
  package func arm(
    _ source: Source, seen: Seen?, seconds: Int, cutsNow: Bool = false, signed: SignedIndex? = nil,
    _ reason: Reason, learn: @escaping () throws(AgentFailure) -> Void
  ) throws(AgentFailure) -> Armed {
    if case .table(let table) = source { try host.checkTarget(table) }
    var run = try begin()
    if run.own?.flags.contains(.dormant) == true {
      // What is switched off judges nobody, the trial in it neither, and a confirmation would prove nothing.
      throw AgentFailure(
        .refused, "the table is switched off (dormant), so that nothing could be tried in it",
        remedy: "switch it on first (nft add table inet sekisho), or apply for good with --no-trial")
    }
    run.seen = seen
    run.isArming = true
    let token = Self.newToken()
    let (revision, ruleset) = try revision(source, signed, reason, &run)
    switch source {
    case .table(let table): try requireAsking(table, run)
    case .revision(let number): try requireAsking(try table(number), run)
    }
    let script = try refusing(run) { (view) throws(HostStateRefusal) in
      try run.content.state.arm(
        revision, token: HostStore.digest(token.utf8), seconds: seconds, in: run.place, kernel: view)
    }
    try carryOut(
      script, Pending(revision, ruleset, isLearning: false) { (_) throws(AgentFailure) in try learn() }, &run)
    // What fails here is told; the trial runs by now.
    let cut =
      cutsNow
      ? host.cut(
        deniedBy: try? table(revision.number), before: run.before.own?.withoutTrial, isCounting: false,
        run.hold)
      : nil
    return Armed(
      revision: revision.number.rawValue, token: token, seconds: seconds, operations: run.operations,
      forgetsSilentSessions: run.forgetsSilentSessions ? true : nil, cut: cut)
  }

  /// Makes the host's table another one, for good.
  ///
  /// - Throws: ``AgentProtocol/AgentFailure``, which says what has happened.
  package func adopt(
    _ table: Table, seen: Seen?, isLearning: Bool, keepsSessions: Bool = false, signed: SignedIndex? = nil,
    _ reason: Reason, tell: @escaping (Apply.Step) throws(AgentFailure) -> Void
  ) throws(AgentFailure) -> Applied {
    try host.checkTarget(table)
    var run = try begin()
    run.seen = seen
    try requireAsking(table, run)
    let (revision, ruleset) = try revision(.table(table), signed, reason, &run)
    let script = try refusing(run) { (view) throws(HostStateRefusal) in
      try run.content.state.adopt(
        revision, keepsSessions: keepsSessions, in: run.place, kernel: view)
    }
    try carryOut(script, Pending(revision, ruleset, isLearning: isLearning, tell: tell), &run)
    guard let applied = run.applied else { throw AgentFailure(.failed, "nothing was put in force") }
    return Applied(
      operations: applied.operations, generation: applied.generation, retries: applied.retries,
      forgetsSilentSessions: applied.forgetsSilentSessions, cut: run.cut)
  }

  /// Makes what is on trial the confirmed ruleset.
  ///
  /// - Parameter revision: the one that is meant; `nil`: whichever is on trial.
  /// - Throws: ``AgentProtocol/AgentFailure``, which says what has happened: `applied` where the new rules are in force, and
  ///   the books could not be brought up to it.
  package func confirm(
    token: String?, revision: RevisionNumber? = nil, keepsSessions: Bool = false
  ) throws(AgentFailure) -> Confirmed {
    var run = try begin()
    let trial = run.content.state.trial
    try requireRules(behindTrialOf: trial, run)
    let script = try refusing(run) { (view) throws(HostStateRefusal) in
      try run.content.state.confirm(
        token: token.map { HostStore.digest($0.utf8) }, keepsSessions: keepsSessions, in: run.place,
        kernel: view)
    }
    if let revision, let trial, trial.revision != revision {
      throw AgentFailure(
        .badRequest,
        "revision \(trial.revision) is on trial, by \(Self.words(trial.by)), and not revision \(revision)")
    }
    if let trial { try requireApproved(trial.revision) }
    try carryOut(script, nil, &run)
    return Confirmed(
      revision: trial?.revision.rawValue ?? 0, by: trial.map { Self.words($0.by) },
      operations: run.operations, cut: run.cut)
  }

  /// Lets the time of the trial begin anew.
  package func extend(seconds: Int) throws(AgentFailure) -> Extended {
    var run = try begin()
    let revision = run.content.state.trial?.revision
    try requireRules(behindTrialOf: run.content.state.trial, run)
    let script = try refusing(run) { (view) throws(HostStateRefusal) in
      try run.content.state.extend(seconds: seconds, in: run.place, kernel: view)
    }
    try carryOut(script, nil, &run)
    return Extended(revision: revision?.rawValue ?? 0, seconds: seconds)
  }

  /// Ends the trial at once.
  package func rollBack() throws(AgentFailure) -> RolledBack {
    var run = try begin()
    let state = run.content.state
    try requireRules(behindTrialOf: state.trial, run)
    let script = try refusing(run) { (view) throws(HostStateRefusal) in
      try state.rollBack(in: run.place, kernel: view)
    }
    try carryOut(script, nil, &run)
    // What was done is not called failed because nobody could look at it again.
    if (try? look(&run)) != nil { try requireRules(behindTrialOf: nil, run) }
    return RolledBack(
      revision: state.trial?.revision.rawValue ?? 0, confirmed: state.confirmed?.rawValue, cut: run.cut)
  }

  /// That nobody is told that the rules from before are in force again where they are not.
  ///
  /// - Parameter trial: that runs; `nil`: none does.
  /// - Throws: ``AgentProtocol/AgentFailure`` `.moved` where somebody else has taken the rules away.
  private func requireRules(behindTrialOf trial: Trial?, _ run: Run) throws(AgentFailure) {
    let state = run.content.state
    if trial == nil, run.hasEndedStray, run.view.isJudging {
      throw AgentFailure(
        .noTrial,
        "the books know of no trial; the one that the kernel had is ended, and the rules from before judge again",
        remedy: "look at the state directory, of which somebody has taken files away, and apply again",
        happened: .applied)
    }
    if trial != nil || state.confirmed == nil || state.stop != nil || run.view.isJudging { return }
    throw AgentFailure(
      .moved, "nothing is on trial, and nothing is enforced: somebody has taken the rules from before away",
      remedy: "\"sekisho start\" puts back what was confirmed", happened: .unknown)
  }

  /// Takes the steps out of whatever was left behind.
  ///
  /// - Returns: milliseconds until there may be something to do again; `nil`: nothing is on trial, no stop has a time, and
  ///   nothing is open.
  package func recover() throws(AgentFailure) -> UInt64? {
    let run = try begin()
    let doors = leftOfDoors(run.content, run.place).map { UInt64($0) * 1000 }
    let first =
      run.content.state.trial != nil ? run.view.left : run.content.state.stop.flatMap { left(of: $0) }
    return [first, doors].compactMap(\.self).min()
  }

  /// Milliseconds for which a trial still judges, a stop goes on, or something is open; `nil`: none of it, or the time of one is
  /// over. Nobody is kept from the host by the question.
  package func left() throws(AgentFailure) -> UInt64? {
    let trial = try host.trialLeft(try host.conversation())
    let content = try contentHere()
    let first = trial ?? content.state.stop.flatMap { left(of: $0) }
    let doors = leftOfDoors(content, try Self.place()).map { UInt64($0) * 1000 }
    return [first, doors].compactMap(\.self).min().flatMap { $0 == 0 ? nil : $0 }
  }

  /// Ends sessions that are there. The rules stay as they are.
  ///
  /// - Throws: ``AgentProtocol/AgentFailure``: `applied` where they have ended, and the log does not say so.
  package func end(_ request: EndSessions) throws(AgentFailure) -> EndedSessions {
    let run = try begin()
    let ended = try host.end(request, run.hold)
    let meant = [request.flow.map { "flow \($0)" }, request.peer.map { "peer \($0)" }].compactMap(\.self)
    let event = AuditEvent.cut(
      sessions: ended.cut.sessions, of: meant.isEmpty ? "no flow" : meant.joined(separator: ", "))
    try audit(event, run)
    return ended
  }

  private func revision(
    _ source: Source, _ signed: SignedIndex?, _ reason: Reason, _ run: inout Run
  ) throws(AgentFailure) -> (Revision, [UInt8]) {
    run.why = reason.why
    let ruleset: [UInt8]
    switch source {
    case .table(let table):
      do throws(TextError) { ruleset = try table.fileJSON() } catch {
        throw AgentFailure(.badRequest, "the ruleset cannot be kept: \(error)")
      }
    case .revision(let number):
      ruleset = try reading { () throws(HostStore.Failure) in try store.ruleset(of: number) }
    }
    let digest = HostStore.digest(ruleset)
    let approved =
      switch source {
      case .table: try approval(signed, of: digest, run)
      case .revision(let number): try requireApproved(number)
      }
    let revision = Revision(
      number: run.content.state.last.next, digest: digest, time: clock(), by: actor,
      why: reason.why, meaning: reason.meaning, approved: approved)
    return (revision, ruleset)
  }

  /// 128 bits that nobody guesses.
  private static func newToken() -> String {
    var generator = SystemRandomNumberGenerator()
    return (0..<2).map { _ in
      let digits = String(generator.next() as UInt64, radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
  }
}
