/// What is recorded from here on? It is told in events, each of what has come since the one before; those that tell nothing only
/// ask whether anybody listens.
package struct FollowRecords: AgentRequest, Codable {
  package static let name = "follow-records"
  package typealias Reply = FollowedRecords

  /// How long an agent may follow, in seconds.
  package static let possibleSeconds = 1...86_400
  /// Within which an agent tells something, in seconds.
  package static let longestSilence = 5

  package let seconds: Int

  package init(seconds: Int) { self.seconds = seconds }

  /// What was recorded since the one before, the earliest first: of each how many packets came, and since when it is known
  /// only where it is new.
  package struct Event: Hashable, Sendable, Codable {
    package let recorded: RecordList

    package init(_ recorded: RecordList) { self.recorded = recorded }

    package init(from decoder: any Decoder) throws {
      recorded = try RecordList(try RecordList(from: decoder), [])
    }

    package func encode(to encoder: any Encoder) throws { try recorded.encode(to: encoder) }
  }
}

/// An agent follows no longer.
package struct FollowedRecords: AgentMessage, Hashable, Codable {
  /// Whether it was for so long as was asked for; an agent may tell only so much for one question.
  package let isOver: Bool

  package init(isOver: Bool) { self.isOver = isOver }
}
