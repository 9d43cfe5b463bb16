internal import AgentProtocol
internal import Artifacts
internal import Nftables
internal import Policy

/// A run that can begin.
package struct PlannedRun: Sendable {
  package let plan: RunPlan
  package let steps: [RunStep]
  package let targets: Targets
  /// What it was decided on.
  let seen: [String: Seen]
  private let wasLeft: Bool

  package var fleet: TargetsFleet {
    TargetsFleet(plan, targets.hosts, steps: steps, seen: seen, wasLeft: wasLeft)
  }

  /// A change as a run.
  ///
  /// - Parameters:
  ///   - change: found with the books of its hosts.
  ///   - steps: `nil`: all of it at once.
  ///   - canary: a selector of hosts that are the first wave.
  ///   - from: the directory of a compile that the change comes from.
  ///   - isTimed: whether somebody has said how long trials are; else they are long enough for their wave.
  /// - Throws: ``Misuse``, or ``RunUnready`` where hosts could not go back.
  package init(
    _ change: FleetChange, steps: [RunStep]? = nil, waves: Waves, canary: String?, from: String?,
    settings: RunSettings, isTimed: Bool
  ) throws {
    let changing = change.running.changing
    let steps =
      steps ?? [RunStep(hosts: changing.map { .init(name: $0.target.name, wanted: $0.target.wanted) })]
    var before: [String: RunPlan.Before] = [:]
    var unready: [(host: String, reason: String)] = []
    for applying in changing {
      let name = applying.target.name
      do {
        before[name] = try RunPlan.Before(
          applying, change.running.books[name], isSigned: change.running.asksForSignatures.contains(name))
      } catch {
        unready.append((name, "\(error)"))
      }
    }
    guard unready.isEmpty else { throw RunUnready(hosts: unready) }
    let names = changing.map(\.target.name)
    let first = try canary.map { try Self.hosts(selectedBy: $0, change.running.targets, from: from) }
    if let first, first.isDisjoint(with: names) {
      throw Misuse("--canary: none of these hosts changes; leave it out, or name one that does")
    }
    self.steps = steps
    wasLeft = false
    targets = change.running.targets
    seen = Dictionary(
      changing.map { ($0.target.name, $0.looked.seen) }, uniquingKeysWith: { one, _ in one })
    let partition = try waves.partition(names, canary: first ?? [])
    var settings = settings
    if !isTimed {
      // Else the time of the first host is over before the last of a large wave has proven itself.
      let most = (partition.map(\.count).max() ?? 0) * 16 / settings.concurrency
      settings.seconds = min(max(settings.seconds, most), Arm.possibleSeconds.upperBound)
    }
    plan = RunPlan(
      steps: try steps.map { step in
        try step.hosts.map { RunPlan.Host(name: $0.name, digest: try $0.wanted.digest) }
      }, waves: partition, before: before, settings: settings)
  }

  /// A run that was left.
  ///
  /// - Parameters:
  ///   - change: of the hosts of the run.
  ///   - steps: as they come out now; `nil`: all at once.
  /// - Throws: ``PlanMoved`` where it would bring something else now.
  package init(_ plan: RunPlan, goingOnWith change: FleetChange, steps: [RunStep]? = nil) throws {
    let running = change.running
    let tables = Dictionary(
      running.targets.hosts.map { ($0.name, $0.wanted) }, uniquingKeysWith: { one, _ in one })
    let steps =
      steps
      ?? plan.steps.prefix(1).map { step in
        RunStep(
          hosts: step.compactMap { host in tables[host.name].map { .init(name: host.name, wanted: $0) } })
      }
    let now = try steps.map { step in
      try step.hosts.map { RunPlan.Host(name: $0.name, digest: try $0.wanted.digest) }
    }
    guard now == plan.steps else {
      throw PlanMoved(
        hosts: [],
        reason:
          "the rulesets that are compiled now are not those that the run was of; put the inventory back as it was, "
          + "or go back with sekisho apply --revert")
    }
    self.plan = plan
    self.steps = steps
    wasLeft = true
    targets = running.targets
    seen = Dictionary(
      zip(running.targets.hosts, running.answers).compactMap { target, answer in
        (try? answer.get()).map { (target.name, $0.seen) }
      }, uniquingKeysWith: { one, _ in one })
  }

  private static func hosts(
    selectedBy text: String, _ targets: Targets, from: String?
  ) throws -> Set<String> {
    let selector = HostSelector(text: text, option: "--canary")
    if let policy = targets.inventory?.policy {
      return Set(try selector.select(policy).map { policy[$0].name })
    }
    let hosts = try OutputDirectory(from ?? "").manifest().selectableHosts
    return Set(try selector.select(hosts).map { hosts[$0].name })
  }
}

extension RunPlan.Before {
  /// - Parameter isSigned: whether the host takes only what is signed.
  /// - Throws: ``RunStop`` where the host could not go back.
  fileprivate init(_ applying: Applying, _ books: Books?, isSigned: Bool) throws {
    guard case .through = applying.target.reach else {
      throw RunStop(
        reason:
          "this machine is asked over no connection, and a wave is proven by new ones; leave --waves out")
    }
    guard let books else { throw RunStop(reason: "the host has not told its books") }
    let looked = applying.looked
    if let stop = looked.stop {
      throw RunStop(reason: "\(stop.by) has stopped the host, which a run could not put back; start it first")
    }
    if books.confirmed == nil, looked.comparison.isInstalled {
      throw RunStop(
        reason:
          "the host has rules that its books do not know, so that it could not go back to them; apply without --waves"
      )
    }
    let confirmed = books.revisions.first { $0.number == books.confirmed }
    if books.confirmed != nil, confirmed?.digest == nil {
      throw RunStop(reason: "the confirmed revision cannot be read, so that the host could not go back to it")
    }
    if isSigned, confirmed?.approvedBy?.isEmpty != false {
      throw RunStop(
        reason:
          "the host takes only what is signed, and what it has now was not, so that it could not go back to that; apply without --waves"
      )
    }
    self.init(
      revision: books.confirmed, digest: confirmed?.digest, last: books.revisions.map(\.number).max() ?? 0,
      wasOpen: books.confirmed == nil)
  }
}

/// Hosts of a run that could not go back.
package struct RunUnready: Error {
  package let hosts: [(host: String, reason: String)]
}
