package import AgentProtocol
package import Artifacts
internal import Digest
internal import Nftables

/// A plan against what there is now.
package struct SavedPlan {
  package let plan: Plan

  /// - Throws: ``Artifacts/OutputFailure``.
  package init(reading path: String) throws { plan = try Plan(reading: path) }

  /// What was found on hosts.
  package init(of running: RunningHosts, options: TargetRequest) throws {
    let way: Plan.Way = options.isLab ? .lab : options.isLocal || options.host == nil ? .local : .ssh
    let hosts = try zip(running.targets.hosts, running.answers).map {
      try Plan.Host($0, try $1.get().seen)
    }
    plan = Plan(inventory: running.targets.inventory?.digest, way: way, hosts: hosts)
  }

  /// The hosts of the plan, reached as they were.
  package func targets(_ options: TargetRequest) -> TargetRequest {
    var result = options
    result.isLocal = plan.way == .local
    result.isLab = plan.way == .lab
    result.host = plan.hosts.map(\.name).joined(separator: ", ")
    return result
  }

  /// - Throws: ``PlanMoved`` where something is not what was shown.
  package func requireSame(_ targets: Targets) throws {
    if plan.inventory != targets.inventory?.digest {
      throw PlanMoved(
        hosts: [],
        reason: plan.inventory == nil
          ? "the plan is of compiled rulesets: give --from with the directory"
          : "the inventory is not what it was when the plan was made; nothing was applied; diff again")
    }
    let moved = try targets.hosts.filter { target in
      try plan.hosts.first { $0.name == target.name }?.ruleset != target.wanted.digest
    }
    try refuse(moved.map { ($0.name, "the ruleset that is compiled is not the one that was shown") })
  }

  /// - Throws: ``PlanMoved`` where hosts are not what was shown.
  package func requireSame(_ running: RunningHosts) throws {
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
    throw PlanMoved(
      hosts: hosts.map { ($0, AgentFailure(.moved, $1)) }, reason: "nothing was applied; diff again")
  }
}

/// Something is not what was shown when a plan was made.
package struct PlanMoved: Error {
  /// Hosts of which it is known, and what.
  package let hosts: [(host: String, error: AgentFailure)]
  package let reason: String
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
  /// SHA-256 of the table as JSON, as the books of a host have it.
  var digest: String {
    get throws { SHA256.hex(try fileJSON()) }
  }
}
