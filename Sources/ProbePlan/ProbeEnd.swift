package import Addressing
package import Policy

/// Where packets are sent from and to.
package struct ProbeEnd: Hashable, Sendable {
  package let name: String
  package let addresses: [Address]
  /// `nil`: a place that stands for a network, which only a lab has.
  package let host: HostID?

  package init(name: String, addresses: [Address], host: HostID?) {
    self.name = name
    self.addresses = addresses
    self.host = host
  }
}

/// One connection to try.
package struct PlannedProbe: Hashable, Sendable {
  /// Index of its ends in ``ProbePlan/ends``.
  package let from: Int
  package let to: Int
  package let connection: Connection
  /// Whether chance alone has chosen it: only of these is a bound for all.
  package internal(set) var isRandom: Bool

  package init(from: Int, to: Int, _ connection: Connection, isRandom: Bool = false) {
    self.from = from
    self.to = to
    self.connection = connection
    self.isRandom = isRandom
  }
}

/// Source ports of attempts: behind those that Linux gives to clients (`ip_local_port_range`, up to 60,999).
package enum ProbePorts {
  package static let first: UInt16 = 61_001
  package static let last: UInt16 = 65_000

  /// How many attempts of a protocol one host can make at once.
  package static var count: Int { Int(last - first) + 1 }
}
