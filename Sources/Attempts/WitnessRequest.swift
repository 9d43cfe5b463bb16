package import Addressing

/// Which packets a witness shall look for.
package struct WitnessRequest: Hashable, Sendable, Codable {
  /// The ends of the packets: what others send each other is nobody's business.
  package var peers: [Address]
  /// Source ports of attempts; their answers have them as destination.
  package var firstPort: UInt16
  package var lastPort: UInt16
  /// What is looked for: each once, and at most ``mostProtocols``.
  package var protocols: [IPProtocol]

  /// The packet filter tests one after the other, and a test skips at most 255 instructions (linux/filter.h).
  package static let mostProtocols = 64

  package init(
    peers: [Address], firstPort: UInt16, lastPort: UInt16, protocols: [IPProtocol]
  ) {
    self.peers = peers
    self.firstPort = firstPort
    self.lastPort = lastPort
    self.protocols = protocols
  }

  private enum CodingKeys: String, CodingKey {
    case peers
    case firstPort = "first_port"
    case lastPort = "last_port"
    case protocols
  }
}
