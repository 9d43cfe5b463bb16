package import Addressing

/// Lets nobody begin a connection with some addresses on this host, whatever flows say, and ends the sessions that they have
/// a part in.
package struct QuarantineHosts: AgentRequest, Codable {
  package static let name = "quarantine"
  package static let isChange = true
  package typealias Reply = QuarantinedHosts

  /// Somebody who is cut off.
  package struct Peer: Hashable, Sendable, Codable {
    package let address: Address
    /// What the inventory calls whoever has it; empty: nothing.
    @BoundedWord package private(set) var host: String

    package init(_ address: Address, host: String?) {
      self.address = address
      self.host = host ?? ""
    }
  }

  @BoundedList package private(set) var peers: [Peer]
  /// After which the kernel lets them take part again; `nil`: until they are released.
  package let seconds: Int?
  @BoundedWord package private(set) var why: String
  /// Whether it is done although somebody is here from one of the addresses.
  package let allowsLockout: Bool

  package init(_ peers: [Peer], seconds: Int?, why: String, allowsLockout: Bool = false) {
    self.peers = peers
    self.seconds = seconds
    self.why = why
    self.allowsLockout = allowsLockout
  }

  /// Seconds for which somebody may be cut off: what is to last longer lasts until he is released.
  package static let possibleSeconds = 10...2_592_000
  /// The most addresses that a host cuts off, of each family: what its rules have room for.
  package static let most = 1024
}

/// Whoever a host has cut off.
package struct QuarantinedHosts: AgentMessage, Hashable, Codable {
  /// Seconds since 1970, UTC, by the host's clock; `nil`: until they are released.
  package let until: Int64?
  /// Sessions that they had a part in.
  package let cut: CutReport

  package init(until: Int64?, cut: CutReport) {
    self.until = until
    self.cut = cut
  }
}

/// Lets addresses take part again that the host has cut off.
package struct ReleaseHosts: AgentRequest, Codable {
  package static let name = "release"
  package static let isChange = true
  package typealias Reply = ReleasedHosts

  @BoundedList package private(set) var addresses: [Address]
  package let why: String?

  package init(_ addresses: [Address], why: String?) {
    self.addresses = addresses
    self.why = why
  }
}

/// Whoever takes part again.
package struct ReleasedHosts: AgentMessage, Hashable, Codable {
  /// Those of the addresses that were cut off.
  @BoundedList package private(set) var addresses: [Address]

  package init(_ addresses: [Address]) { self.addresses = addresses }
}

/// Somebody whom a host has cut off.
package struct QuarantineStatus: Hashable, Sendable, Codable {
  package let address: Address
  /// What the inventory called whoever has it; empty: nothing.
  @BoundedWord package private(set) var host: String
  /// When it began, and when it ends: seconds since 1970, UTC, by the host's clock; no end: until he is released.
  package let since: Int64
  package let until: Int64?
  /// Whether the kernel has him; else something is not as the host's books say.
  package let isInForce: Bool
  @BoundedWord package private(set) var by: String
  @BoundedWord package private(set) var why: String

  package init(
    address: Address, host: String, since: Int64, until: Int64?, isInForce: Bool, by: String, why: String
  ) {
    self.address = address
    self.host = host
    self.since = since
    self.until = until
    self.isInForce = isInForce
    self.by = by
    self.why = why
  }

  /// Whether it is what a host can say.
  var isSound: Bool { Bounds.isTime(since) && Bounds.isTime(until) }
}
