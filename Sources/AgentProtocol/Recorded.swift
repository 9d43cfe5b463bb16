package import Addressing

/// What a host's table remembers as not allowed in a direction that it only observes, and a wanted table denies.
package struct Recorded: Hashable, Sendable, Codable {
  /// Somebody who asked for something.
  package struct Record: Hashable, Sendable {
    /// The other end; of what is forwarded, the source.
    package let peer: Address
    /// The destination of what is forwarded; `nil`: the host itself is the other end.
    package let destination: Address?
    package let ipProtocol: IPProtocol
    /// Destination port; `nil`: the protocol has none.
    package let port: UInt16?
    /// Type of a message of ICMP or ICMPv6; `nil`: it is none.
    package let type: UInt8?

    package init(
      peer: Address, destination: Address?, ipProtocol: IPProtocol, port: UInt16?, type: UInt8? = nil
    ) {
      self.peer = peer
      self.destination = destination
      self.ipProtocol = ipProtocol
      self.port = port
      self.type = type
    }

    /// Whether a host can have recorded it there.
    func isSound(at hook: DirectionStatus.Direction) -> Bool {
      guard let destination else { return hook != .forward }
      return hook == .forward && destination.family == peer.family
    }
  }

  package let hook: DirectionStatus.Direction
  /// For how long the table remembers, in seconds.
  @BoundedCount package private(set) var memory: Int
  /// How many records it has that will be denied.
  @BoundedCount package private(set) var count: Int
  /// The first of them, ascending.
  @BoundedList package private(set) var first: [Record]

  /// How many of the records are told.
  package static let mostTold = 256

  package init(hook: DirectionStatus.Direction, memory: Int, count: Int, first: [Record]) {
    self.hook = hook
    self.memory = memory
    self.count = count
    self.first = first
  }

  /// Whether it is what a host can say.
  var isSound: Bool { first.count <= Self.mostTold && first.count <= count }
}

extension Recorded.Record: Comparable {
  package static func < (a: Self, b: Self) -> Bool {
    if a.peer != b.peer { return a.peer < b.peer }
    if a.destination != b.destination {
      guard let one = a.destination, let other = b.destination else { return a.destination == nil }
      return one < other
    }
    return (a.ipProtocol.rawValue, a.port ?? 0, a.type ?? 0)
      < (b.ipProtocol.rawValue, b.port ?? 0, b.type ?? 0)
  }
}

extension Recorded.Record: Codable {
  private enum Key: String, CodingKey {
    case peer, destination, port, type
    case ipProtocol = "protocol"
  }

  package init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Key.self)
    peer = try fields.decode(Address.self, forKey: .peer)
    destination = try fields.decodeIfPresent(Address.self, forKey: .destination)
    ipProtocol = IPProtocol(rawValue: try fields.decode(UInt8.self, forKey: .ipProtocol))
    port = try fields.decodeIfPresent(UInt16.self, forKey: .port)
    type = try fields.decodeIfPresent(UInt8.self, forKey: .type)
  }

  package func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Key.self)
    try fields.encode(peer, forKey: .peer)
    try fields.encodeIfPresent(destination, forKey: .destination)
    try fields.encode(ipProtocol.rawValue, forKey: .ipProtocol)
    try fields.encodeIfPresent(port, forKey: .port)
    try fields.encodeIfPresent(type, forKey: .type)
  }
}
