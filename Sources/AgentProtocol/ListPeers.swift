internal import Addressing
package import Nftables

/// Who speaks with this host or through it at the moment, whatever rules it has? Reads only.
package struct ListPeers: AgentRequest, Codable {
  package static let name = "list-peers"
  package typealias Reply = PeerList

  package init() {}
}

/// Who speaks with a host or through it.
package struct PeerList: AgentMessage, Hashable, Codable {
  /// Somebody who asks for something, as rules would record it, and in how many sessions.
  package struct Peer: Hashable, Sendable {
    package let record: Recorded.Record
    package let sessions: UInt64

    package init(_ record: Recorded.Record, sessions: UInt64) {
      self.record = record
      self.sessions = sessions
    }
  }

  /// What comes in, goes out or through.
  package struct Direction: Hashable, Sendable, Codable {
    package let hook: DirectionStatus.Direction
    /// Those with the most sessions first.
    @BoundedList package private(set) var peers: [Peer]

    package init(hook: DirectionStatus.Direction, peers: [Peer]) {
      self.hook = hook
      self.peers = peers
    }

    fileprivate var isSound: Bool {
      peers.count <= PeerList.most && peers.allSatisfy { $0.record.isSound(at: hook) }
    }
  }

  /// A port at which the host waits and nobody is seen.
  package struct Waiting: Hashable, Sendable, Codable {
    package let ipProtocol: UInt8
    package let port: UInt16

    package init(ipProtocol: UInt8, port: UInt16) {
      self.ipProtocol = ipProtocol
      self.port = port
    }
  }

  package let directions: [Direction]
  /// Sessions that are in no direction: of the host with itself, over addresses of a link, to a group of hosts.
  @BoundedCount package private(set) var own: Int
  @BoundedCount package private(set) var linkLocal: Int
  @BoundedCount package private(set) var groups: Int
  /// Attempts that nobody has answered.
  @BoundedCount package private(set) var unanswered: Int
  /// Sessions of which no end tells who began.
  @BoundedCount package private(set) var uncertain: Int
  /// Peers beyond the most that are told, and entries that could not be read.
  @BoundedCount package private(set) var untold: Int
  /// In order; no more than ``mostWaiting``.
  @BoundedList package private(set) var waiting: [Waiting]
  /// Whether the kernel tracks connections, so that more is known than what sockets tell.
  package let isTracked: Bool

  package init(
    directions: [Direction], own: Int, linkLocal: Int, groups: Int, unanswered: Int, uncertain: Int,
    untold: Int, waiting: [Waiting], isTracked: Bool
  ) {
    self.directions = directions
    self.own = own
    self.linkLocal = linkLocal
    self.groups = groups
    self.unanswered = unanswered
    self.uncertain = uncertain
    self.untold = untold
    self.waiting = waiting
    self.isTracked = isTracked
  }

  package init(_ header: Self, _ tables: [Table]) throws(AgentFailure) {
    guard tables.isEmpty else { throw AgentFailure(.badRequest, "tables where none belong") }
    let hooks = Set(header.directions.map(\.hook))
    guard hooks.count == header.directions.count, header.directions.allSatisfy(\.isSound) else {
      throw AgentFailure(.badRequest, "peers that no host can have")
    }
    self = header
  }

  /// The most peers of a direction that are told.
  package static let most = 20_000
  /// The most ports that are told.
  package static let mostWaiting = 1000
}

/// One text: the record and the sessions.
extension PeerList.Peer: Codable {
  package init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    guard var words = RecordWords(try value.decode(String.self)), let record = words.record(),
      let sessions = words.number(), words.isAtEnd
    else { throw DecodingError.dataCorruptedError(in: value, debugDescription: "not a peer") }
    self.init(record, sessions: sessions)
  }

  package func encode(to encoder: any Encoder) throws {
    var value = encoder.singleValueContainer()
    try value.encode("\(record.text) \(sessions)")
  }
}
