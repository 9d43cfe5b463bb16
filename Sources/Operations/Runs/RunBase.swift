internal import AgentProtocol
internal import ConnectionDiff
internal import Inventory
internal import InventoryFiles
internal import Machine
internal import Nftables
internal import Policy
package import Rollout
internal import RulesetDiff

/// What hosts had been given when a change of the inventory began, from which a run leads them in steps.
package struct RunBase: Sendable {
  /// As a run that goes on finds it again, from wherever that is.
  package let place: Place
  /// As it is called in messages.
  private let name: String
  private let policy: Policy
  /// The steps from there to what hosts are to have.
  package let rollout: Rollout

  /// Where it is.
  package enum Place: Hashable, Sendable, Codable {
    /// An absolute path.
    case directory(String)
    /// In git: a path from within a directory of the repository, and the absolute path of that.
    case commit(String, path: String, within: String)
  }

  /// - Parameters:
  ///   - name: an inventory, `REV:DIR`, or a git revision, which means the inventory where this branch left it.
  ///   - inventory: where the inventory is.
  ///   - targets: of what hosts are to have.
  /// - Throws: ``NoSteps``, ``Misuse`` where either side is no inventory, or what the files throw.
  package init(_ name: String, inventory: String, to targets: Targets) async throws {
    // A run that goes on is to find the same: a branch may have moved by then, and the working directory be another.
    if exists(name) {
      try await self.init(.directory(try Files.resolved(name)), called: name, to: targets)
      return
    }
    let here = try Files.resolved(".")
    if let colon = name.firstIndex(of: ":"), colon != name.startIndex {
      let path = String(name[name.index(after: colon)...])
      let commit = try await Inventory.commit(named: String(name[..<colon]))
      try await self.init(
        .commit(commit, path: path.isEmpty ? "." : path, within: here), called: name, to: targets)
    } else {
      let commit = try await Inventory.mergeBase(of: name)
      try await self.init(.commit(commit, path: inventory, within: here), called: name, to: targets)
    }
  }

  /// What a run that goes on was begun with.
  ///
  /// - Throws: as where it was begun, or ``Misuse`` where it is not there any more.
  package init(_ place: Place, to targets: Targets) async throws {
    switch place {
    case .directory(let path):
      try await self.init(place, called: path, to: targets)
    case .commit(let commit, let path, let directory):
      guard exists(directory) else {
        throw Misuse(
          "the run leads from \(commit):\(path), as git had it in \(directory), which is not there any more; put it "
            + "back, or take back what the run did: sekisho apply --revert")
      }
      try await self.init(place, called: "\(commit):\(path)", to: targets)
    }
  }

  private init(_ place: Place, called name: String, to targets: Targets) async throws {
    guard let wanted = targets.inventory else {
      throw Misuse("--base leads from one inventory to another; leave --from out")
    }
    switch place {
    case .directory(let path):
      guard case .inventory(let loaded) = try await DiffSource(path).content else {
        throw Misuse("--base is an inventory, or a git revision; \(name) is something else")
      }
      policy = loaded.policy
    case .commit(let commit, let path, let directory):
      policy = try await LoadedPolicy(path, at: commit, in: directory).policy
    }
    (self.place, self.name) = (place, name)
    rollout = try Rollout(
      from: CompiledFleet(compiling: policy), to: CompiledFleet(compiling: wanted.policy), at: .current())
  }

  /// The steps of a run that begins: without those that a host is past already.
  ///
  /// - Throws: ``PlanMoved`` where a host runs what no step leads to or from, or changes and is not selected.
  package func steps(of change: FleetChange) throws -> [RunStep] {
    let running = change.running
    let old = CompiledFleet(compiling: policy)
    var unready: [(host: String, reason: String)] = []
    var passed: [String: Int] = [:]
    let changing = Set(running.changing.map(\.target.name))
    for (target, answer) in zip(running.targets.hosts, running.answers)
    where changing.contains(target.name) {
      let own = running.rulesets(of: target, try answer.get()).old?.first
      // What it runs, as a step ahead of the last one leaves it.
      let ways = rollout.steps.indices.dropLast().reversed().compactMap { step in
        rollout.steps[step].changes.first { $0.host == target.name }.map { (step + 1, $0.wanted) }
      }
      let before = policy.host(named: target.name).map { old.tables[old.policies.assignment[$0.index]] }
      if let way = ways.first(where: { own?.isRunning($0.1) == true }) {
        passed[target.name] = way.0
      } else if before.map({ own?.isRunning($0) ?? false }) ?? (own == nil) {
        passed[target.name] = 0
      } else {
        unready.append((target.name, "it runs neither what \(name) gives it nor what a step leads to"))
      }
    }
    let asked = Set(running.targets.hosts.map(\.name))
    for name in Set(rollout.steps.flatMap { $0.changes.map(\.host) }).subtracting(asked).sorted() {
      unready.append((name, "it changes with the others and is not among them; select it, too"))
    }
    guard unready.isEmpty else {
      throw PlanMoved(
        hosts: unready.map { ($0.host, AgentFailure(.moved, $0.reason)) },
        reason: "not every host is where the steps from \(name) begin; nothing was applied")
    }
    return rollout.steps.enumerated().map { number, step in
      RunStep(
        hosts: step.changes.filter { passed[$0.host].map { $0 <= number } ?? false }
          .map { .init(name: $0.host, wanted: $0.wanted) })
    }.filter { !$0.hosts.isEmpty }
  }

  /// The steps of a run that goes on: those that it began with.
  package func steps(of plan: RunPlan) -> [RunStep] {
    let all = rollout.steps.map { step in step.changes.map { RunStep.Host(name: $0.host, wanted: $0.wanted) }
    }
    // A step that nobody had to take is not among them.
    return plan.steps.enumerated().map { number, step in
      let names = Set(step.map(\.name))
      // Where it leads somewhere else by now there may be fewer, and the run is told so.
      let place = all.count - plan.steps.count + number
      let rest = all.indices.contains(place) ? all[place] : []
      return RunStep(hosts: rest.filter { names.contains($0.name) })
    }
  }
}

extension Table {
  /// Whether it is another table as a kernel has it: with whatever that fills in.
  fileprivate func isRunning(_ wanted: Table) -> Bool {
    guard case .compared(let comparison) = HostDifference.Outcome.between([self], [wanted], beside: []) else {
      return false
    }
    return comparison.change.isEmpty
  }
}
