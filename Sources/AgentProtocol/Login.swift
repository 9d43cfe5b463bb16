package import Addressing

/// The ssh session by which somebody is on a host, as the host sees it.
package struct Login: Hashable, Sendable, Codable {
  /// Where it comes from.
  package let source: Address
  /// What it asks for: ahead of the translation of destinations.
  package let destination: Address
  /// Of TCP.
  package let port: UInt16

  package init(from source: Address, to destination: Address, port: UInt16) {
    self.source = source
    self.destination = destination
    self.port = port
  }

  /// Whether there can be such a session.
  var isSound: Bool { source.family == destination.family }
}
