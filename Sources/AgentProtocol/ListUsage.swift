package import Nftables

/// What have the flows of this host been used for? Changes nothing but what the host keeps of that.
package struct ListUsage: AgentRequest, Codable {
  package static let name = "list-usage"
  package typealias Reply = UsageList

  /// Whether the sessions are counted that flows have let begin and that go on.
  package let countsSessions: Bool

  package init(countsSessions: Bool = false) { self.countsSessions = countsSessions }
}

/// What was counted of the flows of a host: connections that began, since established packets pass ahead of the rules that
/// count.
package struct UsageList: AgentMessage, Hashable, Codable {
  /// A flow on the way in, out or through, by one of its services.
  package struct Use: Hashable, Sendable, Codable {
    @BoundedWord package private(set) var flow: String
    package let hook: DirectionStatus.Direction
    @BoundedWord package private(set) var service: String
    /// The first packets of connections, and their bytes.
    package let packets: UInt64
    package let bytes: UInt64
    /// Seconds since it is known to have rules, or to have had them until it was gone.
    @BoundedCount package private(set) var known: Int
    /// Seconds since somebody found it to have been used first; `nil`: it was before anybody looked, or never.
    package let first: Int?
    /// Seconds since somebody found it to have been used last, and since the look before that, by which it had not; `nil`: it
    /// never was, or nobody had looked.
    package let last: Int?
    package let lastAfter: Int?
    /// Seconds since somebody looked when no rule of it was left; `nil`: it has rules.
    package let gone: Int?
    /// At which of its ports sessions were seen, by protocol, where it has several; `nil`: it has none, or nobody has looked.
    package let ports: [Ports]?

    package init(
      flow: String, hook: DirectionStatus.Direction, service: String, packets: UInt64, bytes: UInt64,
      known: Int, first: Int?, last: Int?, lastAfter: Int?, gone: Int?, ports: [Ports]? = nil
    ) {
      self.ports = ports
      self.flow = flow
      self.hook = hook
      self.service = service
      self.packets = packets
      self.bytes = bytes
      self.known = known
      self.first = first
      self.last = last
      self.lastAfter = lastAfter
      self.gone = gone
    }

    /// Whether it is what a host can say.
    fileprivate var isSound: Bool {
      [first, last, lastAfter, gone].allSatisfy { Bounds.isCount($0 ?? 0) }
        && ports?.count ?? 0 <= 256 && ports?.allSatisfy(\.isSound) ?? true
    }
  }

  /// Sessions that a flow has let begin and that go on.
  package struct Live: Hashable, Sendable, Codable {
    @BoundedWord package private(set) var flow: String
    package let hook: DirectionStatus.Direction
    @BoundedCount package private(set) var sessions: Int

    package init(flow: String, hook: DirectionStatus.Direction, sessions: Int) {
      self.flow = flow
      self.hook = hook
      self.sessions = sessions
    }
  }

  /// A time in which something may have been used that nothing tells of: between the last look at rules that have gone with
  /// their counts, as by a boot, and those that stand.
  package struct Gap: Hashable, Sendable, Codable {
    /// Seconds since it began, and since it ended.
    @BoundedCount package private(set) var began: Int
    @BoundedCount package private(set) var ended: Int

    package init(began: Int, ended: Int) {
      self.began = began
      self.ended = ended
    }
  }

  /// In order of flow, direction and service.
  package private(set) var uses: [Use]
  /// How many more there are.
  @BoundedCount package private(set) var untold: Int
  /// Seconds since somebody looked first, before which nothing is known.
  @BoundedCount package private(set) var watched: Int
  /// The oldest first.
  @BoundedList package private(set) var gaps: [Gap]
  /// In order of flow and direction; `nil`: they were not counted.
  package var live: [Live]?
  /// Directions without rules, which count nothing; `nil`: none.
  package var leftAlone: [DirectionStatus.Direction]?
  /// Why what was counted before the table was made is not among it; `nil`: it is, or there is none.
  package var loss: String?

  /// The most that are told.
  package static let most = 20_000

  package init(uses: [Use], untold: Int, watched: Int, gaps: [Gap], loss: String? = nil) {
    self.uses = uses
    self.untold = untold
    self.watched = watched
    self.gaps = gaps
    self.loss = loss
  }

  package init(_ header: Self, _ tables: [Table]) throws(AgentFailure) {
    guard tables.isEmpty else { throw AgentFailure(.badRequest, "tables where none belong") }
    guard header.uses.count <= Self.most, header.live?.count ?? 0 <= Self.most,
      header.leftAlone?.count ?? 0 <= DirectionStatus.Direction.allCases.count,
      header.uses.allSatisfy(\.isSound),
      header.gaps.allSatisfy({ $0.ended <= $0.began })
    else { throw AgentFailure(.badRequest, "a usage that no host can have") }
    self = header
    loss = loss.map { Bounds.clamped($0, to: Bounds.message) }
  }

  /// What is told of some flows.
  package func of(_ flows: Set<String>) -> Self {
    var result = self
    result.uses = uses.filter { flows.contains($0.flow) }
    return result
  }
}
