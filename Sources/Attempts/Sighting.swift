package import Addressing

/// A packet that a host has seen, and where on its way.
package struct Sighting: Hashable, Sendable {
  /// How far a packet had come on that host.
  package enum Place: String, Hashable, Sendable, Codable, CaseIterable {
    /// It left by a link, past every rule of the host.
    case sent
    /// It came by a link, ahead of every rule of the host.
    case arrived
    /// It is for the host, and came past its rules.
    case delivered
  }

  package let place: Place
  package let ipProtocol: IPProtocol
  package let source: Address
  /// Of protocols with ports.
  package let sourcePort: UInt16?
  package let destination: Address
  package let aim: Attempt.Aim

  package init(
    _ place: Place, _ ipProtocol: IPProtocol, from source: Address, sourcePort: UInt16? = nil,
    to destination: Address, _ aim: Attempt.Aim
  ) {
    self.place = place
    self.ipProtocol = ipProtocol
    self.source = source
    self.sourcePort = sourcePort
    self.destination = destination
    self.aim = aim
  }
}

extension Sighting: CustomStringConvertible {
  /// `arrived tcp 10.20.1.11#61001 10.20.3.11 5432`: place, protocol, source, destination, port or type or `-`.
  package var description: String {
    "\(place.rawValue) \(ipProtocol) \(source)\(sourcePort.map { "#\($0)" } ?? "") \(destination) \(aim)"
  }
}

extension Sighting: Codable {
  private enum Key: String, CodingKey {
    case place
    case ipProtocol = "protocol"
    case source = "from"
    case sourcePort = "from_port"
    case destination = "to"
  }

  package init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Key.self)
    self.init(
      try fields.decode(Place.self, forKey: .place),
      try fields.decode(IPProtocol.self, forKey: .ipProtocol),
      from: try fields.decode(Address.self, forKey: .source),
      sourcePort: try fields.decodeIfPresent(UInt16.self, forKey: .sourcePort),
      to: try fields.decode(Address.self, forKey: .destination), try Attempt.Aim(from: decoder))
  }

  package func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Key.self)
    try fields.encode(place, forKey: .place)
    try fields.encode(ipProtocol, forKey: .ipProtocol)
    try fields.encode(source, forKey: .source)
    try fields.encodeIfPresent(sourcePort, forKey: .sourcePort)
    try fields.encode(destination, forKey: .destination)
    try aim.encode(to: encoder)
  }
}
