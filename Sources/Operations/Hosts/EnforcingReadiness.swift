package import AgentProtocol
internal import Nftables
internal import RulesetShape

/// What would become of what a host only observes, if it denied that.
package struct EnforcingReadiness: Sendable {
  package let records: RecordList
  /// What would be denied, of each direction that only observes.
  package let denied: [Recorded]

  /// Asks a host, by the ruleset that it should have; without one, this machine by what it has: its rules have recorded
  /// whatever they do not allow.
  package static func asked(of target: Target?) async throws -> Self {
    guard let target else {
      let records = try await ListRecords().asked(of: nil)
      return Self(
        records: records,
        denied: records.directions.filter { $0.mode == .observe }.map { direction in
          let first = direction.entries.map(\.record).sorted().prefix(Recorded.mostTold)
          return Recorded(
            hook: direction.hook, memory: direction.memory,
            count: direction.entries.count + direction.untold, first: Array(first))
        })
    }
    return try await target.ask([ListRecords.self, Look.self]) { agent in
      let records = try await agent.ask(ListRecords())
      return Self(records: records, denied: try await agent.ask(Look(target.wanted.enforcing)).recorded)
    }
  }
}
