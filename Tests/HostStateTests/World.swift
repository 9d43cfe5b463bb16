import HostState

/// A host as the model checker sees it: what is on its disk, what its kernel has, and what people were promised.
struct World: Hashable {
  var disk = HostState()
  var revisions: Set<RevisionNumber> = []
  var table = Table.none
  /// The revision whose rules lie beside those in force.
  var parts: RevisionNumber?
  var isArmed = false
  var boot = 1
  /// Revisions that were confirmed by their token, or asked for without a trial.
  var wanted: Set<RevisionNumber> = []
  /// What the disk says is accepted and has to be carried on, whoever dies.
  var promised: RevisionNumber?
  /// Where the trial was armed that the disk knows, or knew last.
  var armedIn: String?
  /// Whether that disk knows, or knew, that it was in force.
  var wasInForce = false

  enum Table: Hashable {
    case none
    /// Base chains that accept, and a gate: the first trial of a host.
    case bare
    /// Somebody's, with nothing in it that judges.
    case idle
    case enforcing(RevisionNumber)
  }

  /// Whether the time of the stop is over that the disk knows.
  var isStopOver = false

  var place: String { "boot \(boot)" }
  var recovery: [Step] { disk.recovery(kernel, in: place, isStopOver: isStopOver) }
  var kernel: KernelView {
    let base: KernelView.Base =
      switch table {
      case .none: .none
      case .bare: .bare
      case .idle, .enforcing: .rules
      }
    return KernelView(
      base: base, isJudging: base == .rules && table != .idle, hasParts: parts != nil,
      left: isArmed ? 1000 : nil)
  }

  /// Whose rules judge a new connection; `nil`: nobody's.
  var judge: RevisionNumber? {
    if isArmed { return parts }
    if case .enforcing(let revision) = table { return revision }
    return nil
  }

  /// Carries out one step.
  ///
  /// - Returns: what is wrong with the step, here.
  mutating func take(_ step: Step) -> String? {
    switch step {
    case .writeRevision(let revision):
      if revisions.contains(revision.number) { return "a number is given twice" }
      revisions.insert(revision.number)
      disk.last = max(disk.last, revision.number)
    case .writeTrial(let trial):
      disk.trial = trial
      armedIn = trial.place
      wasInForce = trial.wasInForce == true
      promised = trial.phase == .accepted ? trial.revision : nil
    case .removeTrial: disk.trial = nil
    case .writeConfirmed(let revision):
      disk.confirmed = revision
      if promised == revision { promised = nil }
    case .writeStop(let stop): (disk.stop, isStopOver) = (stop, false)
    case .removeStop: (disk.stop, isStopOver) = (nil, false)
    case .prepareTrial(let revision):
      if !revisions.contains(revision) { return "what is prepared is on no disk" }
      if disk.trial?.revision != revision { return "the kernel gets a trial of which the disk knows nothing" }
      if table == .none { table = .bare }
      parts = revision
    case .armTrial, .extendTrial:
      if parts == nil { return "nothing is prepared" }
      isArmed = true
    case .removeTrialParts: (parts, isArmed) = (nil, false)
    case .enforce(let revision):
      if !revisions.contains(revision) { return "what is enforced is on no disk" }
      (table, parts, isArmed) = (.enforcing(revision), nil, false)
    case .removeTable: (table, parts, isArmed) = (.none, nil, false)
    case .audit(.ended(_, let end)):
      if wasInForce, end == .neverArmed { return "a trial that was in force is said never to have been" }
      if armedIn != place, end != .rebooted { return "a trial of another boot is said to be \(end)" }
    case .startKeeper, .keepSessions, .cut, .audit, .tell: break
    }
    return nil
  }

  mutating func expire() { isArmed = false }

  /// `nft flush ruleset`.
  mutating func flush() { (table, parts, isArmed) = (.none, nil, false) }

  /// `nft add table inet sekisho`, which changes nothing where there is one.
  mutating func makeIdle() { if table == .none { table = .idle } }

  static let loadedByHand = World(table: .enforcing(.init(rawValue: 0)), wanted: [.init(rawValue: 0)])

  mutating func reboot() {
    boot += 1
    (table, parts, isArmed) = (.none, nil, false)
  }

  /// What must hold at every instant, also between two steps.
  var fault: String? {
    if let confirmed = disk.confirmed, !wanted.contains(confirmed) { return "nobody confirmed what boots" }
    if let judge, !wanted.contains(judge), !(isArmed && disk.trial?.revision == judge) {
      return "what judges was never confirmed and is not on trial"
    }
    return nil
  }

  /// What must hold once somebody has recovered.
  var restingFault: String? {
    if disk.trial?.phase == .accepted { return "a trial stays accepted" }
    if promised != nil { return "what was accepted is forgotten" }
    if disk.trial != nil, !isArmed { return "a trial is remembered that does not run" }
    if parts != nil, !isArmed { return "parts of a trial stay behind" }
    if disk.stop != nil, case .enforcing = table, !(isStopOver && isArmed) {
      return "a stop is remembered that is none"
    }
    if isStopOver, !isArmed { return "a stop outlives its time" }
    return table == .bare && !isArmed ? "an empty table stays behind" : nil
  }

  /// What must hold once a host was started anew.
  var bootedFault: String? {
    switch (disk.confirmed, table) {
    case (let confirmed?, .enforcing(let revision)):
      return confirmed == revision ? nil : "another revision is enforced than the confirmed one"
    case (.some, _): return disk.stop == nil ? "nothing is enforced although something is confirmed" : nil
    case (nil, _): return table == .none ? nil : "something is there that nobody confirmed"
    }
  }
}
