package import AgentProtocol
internal import Fleet
internal import Synchronization

/// Hears of hosts that are followed, of many at once. What it throws ends the following of that host.
package protocol RecordListener: Sendable {
  /// A host is about to be followed.
  ///
  /// - Parameter directions: those that it judges.
  func begins(_ host: String, _ directions: [DirectionStatus]) throws
  /// Something has come, or nothing has for a while and the host is there.
  func tell(_ host: String, _ list: RecordList) throws
  /// A host is not followed, for the time being or any more.
  func breaks(_ host: String, _ error: any Error) throws
}

/// What hosts record from here on.
package enum FollowingRecords {
  /// Each is a process here that stays, and a session.
  package static let mostHosts = 256

  /// Between two attempts at a host that broke off; each waits twice as long as the one before.
  private static let shortestPause = Duration.seconds(1)
  private static let longestPause = Duration.seconds(30)

  /// Follows hosts, all of them at once; without any, this machine. Whatever broke off is tried again.
  ///
  /// - Parameter time: `nil`: until nobody listens any more.
  package static func follow(
    _ targets: Targets?, for time: Duration?, _ listener: any RecordListener
  ) async -> [HostReply<FollowedRecords>] {
    let end = time.map { ContinuousClock.now + $0 }
    guard let targets else {
      return await HostReply.asking(nil, watch: NobodyWaits()) { _ in
        try await follow(nil, "this host", until: end, listener)
      }
    }
    let results = await concurrently(targets.hosts, limit: mostHosts) { target in
      try await follow(target, target.name, until: end, listener)
    }
    return zip(targets.hosts, results).map { HostReply(host: $0.name, target: $0, result: $1) }
  }

  private static func follow(
    _ target: Target?, _ name: String, until end: ContinuousClock.Instant?, _ listener: any RecordListener
  ) async throws -> FollowedRecords {
    let known = Known()
    var pause = shortestPause
    while true {
      let begin = ContinuousClock.now
      do {
        return try await session(target) { agent in
          try await follow(agent, name, until: end, known, listener)
        }
      } catch {
        try listener.breaks(name, error)
        guard let failure = error as? AgentFailure,
          // Of a host that was never followed only a way to it may come again.
          known.wasFollowed.load(ordering: .relaxed) || [.unreachable, .timedOut].contains(failure.code)
        else { throw error }
        if ContinuousClock.now - begin > longestPause { pause = shortestPause }
        if let end, .now + pause >= end { throw error }
      }
      try await Task.sleep(for: pause)
      pause = min(pause * 2, longestPause)
    }
  }

  private final class Known: Sendable {
    let wasFollowed = Atomic(false)
  }

  private static func session(
    _ target: Target?, _ question: @escaping @Sendable (any Agent) async throws -> FollowedRecords
  ) async throws -> FollowedRecords {
    guard let target else { return try await question(try ThisMachine.agent()) }
    return try await target.ask([FollowRecords.self, Status.self], question)
  }

  private static func follow(
    _ agent: any Agent, _ name: String, until end: ContinuousClock.Instant?, _ known: Known,
    _ listener: any RecordListener
  ) async throws -> FollowedRecords {
    if let table = try await agent.ask(Status()).table { try listener.begins(name, table.directions) }
    while true {
      let left = end.map { Int(max(1, (($0 - .now) / .seconds(1)).rounded(.up))) }
      let most = FollowRecords.possibleSeconds.upperBound
      let request = FollowRecords(seconds: min(left ?? most, most))
      let followed = try await agent.ask(request, within: .seconds(6 * FollowRecords.longestSilence)) {
        event in
        known.wasFollowed.store(true, ordering: .relaxed)
        try listener.tell(name, event.recorded)
      }
      if let end, end <= .now { return followed }
    }
  }

  /// Whoever follows sees what comes.
  private struct NobodyWaits: HostWatch {
    func begins(_ hosts: [String]) async {}
    func has(_ host: String) {}
    func ends() async {}
  }
}
