package import AgentProtocol
internal import Fleet

/// What hosts record from here on.
package enum FollowingRecords {
  /// Each is a process here that stays, and a session.
  package static let mostHosts = 256

  /// Follows hosts, all of them at once; without any, this machine.
  ///
  /// - Parameters:
  ///   - time: `nil`: until nobody listens any more.
  ///   - tell: gets the name of the host and what has come; what it throws ends the following of that host.
  package static func follow(
    _ targets: Targets?, for time: Duration?, tell: @escaping @Sendable (String, RecordList) throws -> Void
  ) async -> [HostReply<FollowedRecords>] {
    let end = time.map { ContinuousClock.now + $0 }
    guard let targets else {
      return await HostReply.asking(nil, watch: NobodyWaits()) { _ in
        try await follow(try ThisMachine.agent(), "this host", until: end, tell)
      }
    }
    let results = await concurrently(targets.hosts, limit: mostHosts) { target in
      try await target.ask([FollowRecords.self]) { agent in
        try await follow(agent, target.name, until: end, tell)
      }
    }
    return zip(targets.hosts, results).map { HostReply(host: $0.name, target: $0, result: $1) }
  }

  private static func follow(
    _ agent: any Agent, _ name: String, until end: ContinuousClock.Instant?,
    _ tell: @escaping @Sendable (String, RecordList) throws -> Void
  ) async throws -> FollowedRecords {
    while true {
      let left = end.map { Int(max(1, (($0 - .now) / .seconds(1)).rounded(.up))) }
      let most = FollowRecords.possibleSeconds.upperBound
      let request = FollowRecords(seconds: min(left ?? most, most))
      let followed = try await agent.ask(request, within: .seconds(6 * FollowRecords.longestSilence)) {
        event in
        if !event.recorded.directions.isEmpty { try tell(name, event.recorded) }
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
