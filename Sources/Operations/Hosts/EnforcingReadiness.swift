package import AgentProtocol
internal import Nftables
internal import RulesetShape

/// What would become of what a host only observes, if it denied that.
package struct EnforcingReadiness: Sendable {
  package let records: RecordList
  /// What would be denied, of each direction that only observes.
  package let denied: [Recorded]

  package init(records: RecordList, denied: [Recorded]) {
    self.records = records
    self.denied = denied
  }

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

  /// The same without some of the records.
  ///
  /// A host names the first of what would be denied, and how many there are: of those that it has not named what is
  /// left out is counted all the same, unless all that it has recorded would be denied.
  package func without(_ left: [DirectionStatus.Direction: Set<Recorded.Record>]) -> Self {
    let directions = records.directions.map { direction in
      left[direction.hook].map { direction.without($0) } ?? direction
    }
    let denied = denied.map { denied in
      guard let left = left[denied.hook], !left.isEmpty,
        let recorded = records.directions.first(where: { $0.hook == denied.hook })
      else { return denied }
      let isAll = denied.count == recorded.entries.count + recorded.untold
      let named = (isAll ? recorded.entries.map(\.record).sorted() : denied.first)
      let others = named.filter { !left.contains($0) }
      return Recorded(
        hook: denied.hook, memory: denied.memory, count: denied.count - (named.count - others.count),
        first: Array(others.prefix(Recorded.mostTold)))
    }
    return Self(records: RecordList(directions: directions, loss: records.loss), denied: denied)
  }
}

extension RecordList.Direction {
  fileprivate func without(_ left: Set<Recorded.Record>) -> Self {
    let others = entries.filter { !left.contains($0.record) }
    // The host alone knows of times without records, and when what it tells without a beginning was found.
    if others.count == entries.count { return self }
    let isKnown = untold == 0 && others.allSatisfy { $0.firstAge != nil }
    return Self(
      hook: hook, mode: mode, memory: memory, isFull: isFull, unrecorded: unrecorded, entries: others,
      untold: untold, watched: watched,
      quiet: isKnown && watched != nil
        ? others.compactMap(\.firstAge).min().map { min($0, watched ?? 0) } : quiet,
      inMode: inMode)
  }
}
