internal import AgentProtocol
internal import Artifacts
internal import Digest
internal import Nftables

/// A plan against what there is now.
struct SavedPlan {
  let plan: Plan

  /// - Throws: ``Artifacts/OutputFailure``.
  init(reading path: String) throws { plan = try Plan(reading: path) }

  /// What was found on hosts.
  init(of running: RunningHosts, options: TargetOptions) throws {
    let way: Plan.Way = options.lab ? .lab : options.local || options.host == nil ? .local : .ssh
    let hosts = try zip(running.targets.hosts, running.answers).map {
      try Plan.Host($0, try $1.get().seen)
    }
    plan = Plan(inventory: running.targets.inventory?.digest, way: way, hosts: hosts)
  }

  /// The hosts of the plan, reached as they were.
  func targets(_ options: TargetOptions) -> TargetOptions {
    var result = options
    result.local = plan.way == .local
    result.lab = plan.way == .lab
    result.host = plan.hosts.map(\.name).joined(separator: ", ")
    return result
  }

  /// - Throws: ``Refusal`` where something is not what was shown.
  func requireSame(_ targets: Targets) throws {
    if plan.inventory != targets.inventory?.digest {
      throw Refusal(
        .moved,
        plan.inventory == nil
          ? "the plan is of compiled rulesets: give --from with the directory"
          : "the inventory is not what it was when the plan was made; nothing was applied; diff again")
    }
    let moved = try targets.hosts.filter { target in
      try plan.hosts.first { $0.name == target.name }?.ruleset != target.wanted.digest
    }
    try refuse(moved.map { ($0.name, "the ruleset that is compiled is not the one that was shown") })
  }

  /// - Throws: ``Refusal`` where hosts are not what was shown.
  func requireSame(_ running: RunningHosts) throws {
    var moved: [(String, String)] = []
    for (target, answer) in zip(running.targets.hosts, running.answers) {
      let seen = try answer.get().seen
      guard let planned = plan.hosts.first(where: { $0.name == target.name }) else { continue }
      guard let difference = seen.differences(from: planned.seen).first else { continue }
      moved.append(
        (target.name, "the running ruleset is not what it was when the plan was made: \(difference)"))
    }
    try refuse(moved)
  }

  private func refuse(_ hosts: [(name: String, reason: String)]) throws {
    if hosts.isEmpty { return }
    var refusal = Refusal(.moved, "nothing was applied; diff again")
    refusal.add(hosts.map { ($0, AgentFailure(.moved, $1)) })
    throw refusal
  }
}

extension Plan.Host {
  fileprivate init(_ target: Target, _ seen: Seen) throws {
    self.init(
      name: target.name, ruleset: try target.wanted.digest, place: seen.moment.place, running: seen.own,
      others: seen.others)
  }

  /// At no generation: what counts is the content.
  fileprivate var seen: Seen {
    Seen(moment: RulesetMoment(place: place, generation: 0), own: running, others: others)
  }
}

extension Table {
  /// SHA-256 of the table as JSON.
  fileprivate var digest: String {
    get throws { SHA256.hex(try fileJSON()) }
  }
}
