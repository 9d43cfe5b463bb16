package import Addressing

/// What arrived from one peer for one port, type or protocol: past the `input` hook of the receiver.
package struct Arrival: Hashable, Sendable {
  package let ipProtocol: IPProtocol
  package let aim: Attempt.Aim
  package let peer: Address
  /// Connections of TCP, packets of all others.
  package let count: Int

  package init(_ ipProtocol: IPProtocol, _ aim: Attempt.Aim, from peer: Address, count: Int) {
    self.ipProtocol = ipProtocol
    self.aim = aim
    self.peer = peer
    self.count = count
  }
}

extension Arrival: CustomStringConvertible {
  /// `udp 53 10.20.1.11 3`: protocol, port or type or `-`, peer, count.
  package var description: String { "\(ipProtocol) \(aim) \(peer) \(count)" }
}

extension Arrival: Codable {
  private enum Key: String, CodingKey {
    case ipProtocol = "protocol"
    case peer = "from"
    case count
  }

  package init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Key.self)
    let count = try fields.decode(Int.self, forKey: .count)
    guard count > 0 else {
      throw DecodingError.dataCorruptedError(forKey: .count, in: fields, debugDescription: "none arrived")
    }
    self.init(
      try fields.decode(IPProtocol.self, forKey: .ipProtocol), try Attempt.Aim(from: decoder),
      from: try fields.decode(Address.self, forKey: .peer), count: count)
  }

  package func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Key.self)
    try fields.encode(ipProtocol, forKey: .ipProtocol)
    try aim.encode(to: encoder)
    try fields.encode(peer, forKey: .peer)
    try fields.encode(count, forKey: .count)
  }
}
