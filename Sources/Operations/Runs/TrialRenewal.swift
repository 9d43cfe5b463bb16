internal import Synchronization

/// Lets the time of trials begin anew as long as a wave is not over: of each where a third of it has passed, so that a wave of
/// many hosts does not ask all of them at once.
///
/// Each is asked by itself. Who does not answer keeps nobody else waiting: he counts among those that are asked at once for as
/// long as a host that is well may take, and no longer.
struct TrialRenewal: Sendable {
  let trials: RunTrials
  let fleet: any RunFleet
  let listener: any RunListener
  /// How long a trial is.
  let length: Duration
  /// Hosts that are asked at once.
  let concurrency: Int

  private enum Event: Sendable {
    case looks
    case asked(String)
  }

  /// Goes on until it is cancelled.
  func run() async {
    await withTaskGroup(of: Event.self) { group in
      func wait() {
        group.addTask {
          try? await Task.sleep(for: length / 12)
          return .looks
        }
      }
      var asked: [String: ContinuousClock.Instant] = [:]
      wait()
      while let event = await group.next() {
        if Task.isCancelled { return group.cancelAll() }
        switch event {
        case .looks: wait()
        case .asked(let host): asked[host] = nil
        }
        let now = ContinuousClock.now
        let free = concurrency - asked.values.count { now - $0 < length / 12 }
        for due in trials.due(length / 3, besides: Set(asked.keys)).prefix(max(0, free)) {
          asked[due.host] = now
          group.addTask {
            await renew(due.host, due.trial)
            return .asked(due.host)
          }
        }
      }
    }
  }

  private func renew(_ host: String, _ trial: RunTrial) async {
    let now = ContinuousClock.now
    do {
      try await fleet.extend(host, trial)
      trials.renew(host, at: now)
      listener.hear(.extended([host]))
    } catch {
      // Who refuses is asked again with the others that are due, and not at once.
      try? await Task.sleep(for: length / 12)
    }
  }
}

/// The trials of a wave that run, of many tasks at once.
final class RunTrials: Sendable {
  private let trials = Mutex<[String: (trial: RunTrial, since: ContinuousClock.Instant)]>([:])

  var hosts: [String] { trials.withLock { $0.keys.sorted() } }

  /// Those whose time began at least so long ago, the oldest first.
  func due(_ age: Duration, besides others: Set<String>) -> [(host: String, trial: RunTrial)] {
    let last = ContinuousClock.now - age
    return trials.withLock { trials in
      trials.filter { $0.value.since <= last && !others.contains($0.key) }
        .sorted { ($0.value.since, $0.key) < ($1.value.since, $1.key) }.map { ($0.key, $0.value.trial) }
    }
  }

  subscript(host: String) -> RunTrial? { trials.withLock { $0[host]?.trial } }
  func add(_ host: String, _ trial: RunTrial) { trials.withLock { $0[host] = (trial, .now) } }
  func renew(_ host: String, at time: ContinuousClock.Instant) { trials.withLock { $0[host]?.since = time } }
  func remove(_ host: String) { trials.withLock { $0[host] = nil } }
}
