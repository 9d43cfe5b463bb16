package import Addressing

/// The session by which somebody is on a host, as the host sees it.
package struct Login: Hashable, Sendable, Codable {
  /// Where it comes from.
  package let source: Address
  /// What it asks for: ahead of the translation of destinations.
  package let destination: Address
  /// Of TCP.
  package let port: UInt16
  /// Whether only the environment still tells of it.
  package let isOver: Bool

  /// How many are told of one host at most.
  package static let most = 64

  package init(from source: Address, to destination: Address, port: UInt16, isOver: Bool = false) {
    self.isOver = isOver
    self.source = source
    self.destination = destination
    self.port = port
  }

  /// Whether there can be such a session.
  var isSound: Bool { source.family == destination.family }
}
