package import AgentProtocol
internal import Fleet
internal import Nftables
internal import Synchronization

/// The hosts of a run, reached by their transports.
package struct TargetsFleet: RunFleet {
  private let plan: RunPlan
  private let targets: [String: Target]
  /// By step.
  private let wanted: [[String: Table]]
  /// What the run was decided on.
  private let seen: [String: Seen]
  private let ends: TrialEnds

  /// - Parameters:
  ///   - steps: empty where hosts only go back.
  ///   - seen: of each host that has not changed yet.
  ///   - wasLeft: whether somebody has begun the run who is gone, and whose trials may run.
  package init(
    _ plan: RunPlan, _ targets: [Target], steps: [RunStep] = [], seen: [String: Seen] = [:], wasLeft: Bool
  ) {
    self.plan = plan
    ends = TrialEnds(after: .seconds(plan.settings.seconds), wereBegun: wasLeft)
    self.targets = Dictionary(targets.map { ($0.name, $0) }, uniquingKeysWith: { one, _ in one })
    wanted = steps.map { step in
      Dictionary(step.hosts.map { ($0.name, $0.wanted) }, uniquingKeysWith: { one, _ in one })
    }
    self.seen = seen
  }

  private static let requests: [any AgentRequest.Type] = [
    History.self, Look.self, Arm.self, Extend.self, Confirm.self, EndTrial.self, Status.self,
  ]

  private var seconds: Int { plan.settings.seconds }

  package func begin(_ host: String, step: Int) async throws -> RunTrial? {
    let target = try target(host)
    guard wanted.indices.contains(step), let table = wanted[step][host] else {
      throw AgentFailure(.failed, "\(host) has no ruleset in step \(step + 1)")
    }
    return try await beginning(host) {
      try await target.ask(Self.requests) { agent in
        try await begin(host, step: step, table, signed: target.signed, agent)
      }
    }
  }

  private func begin(
    _ host: String, step: Int, _ table: Table, signed: SignedIndex?, _ agent: any Agent
  ) async throws -> RunTrial? {
    switch RunStanding(of: host, in: plan, try await agent.ask(History())) {
    case .trying(step, let revision):
      _ = try await agent.ask(Extend(seconds: seconds))
      return RunTrial(revision: revision, token: nil)
    case .at(let level) where level > step: return nil
    case .trying(let later, _) where later > step: return nil
    case .at(let level) where level == plan.level(of: host, behind: step):
      let seen = try await seen(host, at: level, table, agent)
      let armed = try await agent.ask(
        Arm(
          table, seen: seen, seconds: seconds, note: note(), cutsNow: plan.settings.cutsNow,
          signed: signed))
      return RunTrial(revision: armed.revision, token: armed.token)
    case .at, .trying:
      throw AgentFailure(.moved, "the host has not what the step before has brought")
    case .elsewhere(let words): throw AgentFailure(.moved, words)
    }
  }

  /// Asks for something behind which a trial of full length may run, whatever the answer is.
  private func beginning<Answer>(
    _ host: String, _ body: () async throws -> Answer
  ) async throws -> Answer {
    do {
      let answer = try await body()
      ends.begin(host)
      return answer
    } catch {
      if (error as? AgentFailure)?.happened != .nothing { ends.begin(host) }
      throw error
    }
  }

  /// What a step is decided on: behind the first, that only the run has changed the host.
  private func seen(
    _ host: String, at level: Int, _ table: Table, _ agent: any Agent
  ) async throws -> Seen? {
    if level == 0 { return seen[host] }
    let now = try await agent.ask(Look(table)).seen
    if let before = seen[host], now.others != before.others {
      throw AgentFailure(.moved, "tables of others changed while the run went on")
    }
    return now
  }

  package func prove(_ host: String, _ trial: RunTrial) async throws {
    let target = try target(host).freshly
    // A host that lets nobody in keeps its whole wave waiting; a connection may fail for less.
    let end = ContinuousClock.now + min(.seconds(seconds) / 3, Self.longestProof)
    while true {
      do {
        let books = try await target.ask([History.self]) { try await $0.ask(History()) }
        if books.trial?.revision == trial.revision { return }
        throw AgentFailure(.noTrial, "the trial of revision \(trial.revision) is over")
      } catch let failure as AgentFailure where [.unreachable, .timedOut].contains(failure.code) {
        if ContinuousClock.now >= end {
          throw AgentFailure(
            failure.code, "no new connection came about through the new rules: \(failure.message)",
            remedy: failure.remedy)
        }
      }
      try await Task.sleep(for: .seconds(1))
    }
  }

  package func extend(_ host: String, _ trial: RunTrial) async throws {
    let target = try target(host)
    _ = try await beginning(host) {
      try await target.ask([Extend.self]) { try await $0.ask(Extend(seconds: seconds)) }
    }
  }

  package func confirm(_ host: String, _ trial: RunTrial) async throws -> RunKept {
    let armed = Armed(revision: trial.revision, token: trial.token ?? "", seconds: seconds, operations: 0)
    let confirmation = Confirm(
      token: trial.token, revision: trial.revision, keepsSessions: plan.settings.keepsSessions)
    let limit = min(.seconds(seconds), Self.longestConfirmation)
    switch await (try target(host)).ending(of: armed, by: confirmation, within: limit) {
    case .confirmed(let armed, let confirmed):
      ends.end(host)
      return RunKept(revision: armed.revision, cut: confirmed?.cut)
    case .unconfirmed(_, let error), .unknown(_, let error): throw error
    case .applied, .armed: throw AgentFailure(.failed, "it was not confirmed")
    }
  }

  package func goBack(_ host: String, to level: Int) async throws {
    let target = try target(host)
    // What cannot be reached for its own new rules can be once the kernel has ended their trial.
    let end = max(ends[host], .now) + Self.grace
    while true {
      do {
        if try await stepBack(target, to: level) { return ends.end(host) }
      } catch let moved as RunMoved {
        throw moved
      } catch {
        if ContinuousClock.now >= end { throw error }
      }
      try await Task.sleep(for: .seconds(1))
    }
  }

  private static let grace = Duration.seconds(15)
  private static let longestProof = Duration.seconds(20)
  private static let longestConfirmation = Duration.seconds(60)

  /// - Returns: whether the host is at the level.
  private func stepBack(_ target: Target, to level: Int) async throws -> Bool {
    let host = target.name
    let level = plan.level(of: host, behind: level)
    let books = try await target.ask(Self.requests) { agent in
      var books = try await agent.ask(History())
      if case .trying = RunStanding(of: host, in: plan, books) {
        _ = try await agent.ask(EndTrial())
        books = try await agent.ask(History())
      }
      if case .at(level) = RunStanding(of: host, in: plan, books) {
        try await requireStanding(target, at: level, agent)
      }
      return books
    }
    switch RunStanding(of: host, in: plan, books) {
    case .at(level): return true
    case .at(let higher) where higher > level:
      try await requireNotStopped(target)
      try await restore(target, to: level, books)
      return true
    case .at: throw RunMoved(host: host, reason: "it has not even what it is to go back to")
    case .trying: return false
    case .elsewhere(let words):
      // What the run has never brought there need not be taken back.
      if !plan.hasBrought(host, books) { return true }
      throw RunMoved(host: host, reason: "\(words), and not by this run; it was left as it is")
    }
  }

  /// The books say what is confirmed, and not what the kernel has.
  private func requireStanding(_ target: Target, at level: Int, _ agent: any Agent) async throws {
    if level == 0, plan.before[target.name]?.wasOpen != false { return }
    let seen = level == 0 ? seen[target.name] : nil
    do {
      try await agent.requireStanding(as: seen, wanted: target.wanted)
    } catch let failure as AgentFailure where failure.code == .moved {
      throw RunMoved(host: target.name, reason: "\(failure)")
    }
  }

  /// Who has stopped a host meanwhile meant it, and nothing is put back there.
  private func requireNotStopped(_ target: Target) async throws {
    guard let stop = try await target.ask([Status.self], { try await $0.ask(Status()) }).stop else { return }
    throw RunMoved(
      host: target.name, reason: "\(stop.by) has stopped it, and not this run; it was left as it is")
  }

  /// Puts back what was confirmed.
  private func restore(_ target: Target, to level: Int, _ books: Books) async throws {
    let before = plan.before[target.name]
    if level == 0, before?.wasOpen != false {
      let stop = StopHost(seconds: nil, why: "a run of apply goes back; no rules judged before it")
      _ = try await target.ask([StopHost.self]) { try await $0.ask(stop) }
      return
    }
    let digest = plan.digest(of: target.name, at: level)
    let revision =
      level == 0
      ? before?.revision
      : books.revisions.last { $0.digest == digest && $0.number > before?.last ?? 0 }?.number
    guard let revision else {
      throw RunMoved(
        host: target.name, reason: "it does not have the revision any more that it is to go back to")
    }
    let note = ChangeNote(why: plan.settings.why, meaning: "a run of apply goes back to revision \(revision)")
    let arm = Arm(revision: revision, seen: nil, seconds: seconds, note: note, cutsNow: plan.settings.cutsNow)
    switch try await target.tried(arm, keepsSessions: plan.settings.keepsSessions) {
    case .confirmed: return
    case .unconfirmed(_, let error), .unknown(_, let error): throw error
    case .applied, .armed: throw AgentFailure(.failed, "it was not confirmed")
    }
  }

  private func note() -> ChangeNote { ChangeNote(why: plan.settings.why, meaning: plan.settings.meaning) }

  private func target(_ host: String) throws -> Target {
    guard let target = targets[host] else {
      throw RunMoved(host: host, reason: "nobody knows how to reach it")
    }
    return target
  }
}

/// A host is not as a run has left it, and whoever changed it meant to.
package struct RunMoved: Error, CustomStringConvertible {
  package let host: String
  package let reason: String
  package var description: String { reason }
}

/// When the kernels of hosts have ended what is on trial there, at the latest, of many tasks at once.
private final class TrialEnds: Sendable {
  private let length: Duration
  /// Of hosts of which nobody here knows better.
  private let others: ContinuousClock.Instant
  private let known = Mutex<[String: ContinuousClock.Instant]>([:])

  /// - Parameters:
  ///   - length: of a trial.
  ///   - wereBegun: whether trials may run already.
  init(after length: Duration, wereBegun: Bool) {
    self.length = length
    others = wereBegun ? .now + length : .now
  }

  subscript(host: String) -> ContinuousClock.Instant { known.withLock { $0[host] } ?? others }
  /// A trial may have begun, at the latest now.
  func begin(_ host: String) { known.withLock { $0[host] = .now + length } }
  func end(_ host: String) { known.withLock { $0[host] = .now } }
}
