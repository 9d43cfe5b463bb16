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
  /// Those of the addresses that are cut off although whoever asks is here from there.
  @BoundedList package private(set) var lockedOut: [Address]

  package init(_ peers: [Peer], seconds: Int?, why: String, lockedOut: [Address] = []) {
    self.peers = peers
    self.seconds = seconds
    self.why = why
    self.lockedOut = lockedOut
  }

  /// Why an address cannot be cut off; `nil`: it can. An IPv4 address is not given as IPv6: no packet has it so.
  package static func obstacle(to address: Address) -> String? {
    let meanings: [(Prefix, String)] = [
      (.ipv4ThisNetwork, "no host has it"), (.ipv6Unspecified, "no host has it"),
      (.ipv4Loopback, "every host is that itself"), (.ipv6Loopback, "every host is that itself"),
      (.ipv4Multicast, "it is a group"), (.ipv6Multicast, "it is a group"),
      (.ipv4Broadcast, "it is everybody"), (.ipv6LinkLocal, "it is another host on every link"),
      (.ipv4Mapped, "no packet has it"),
    ]
    return meanings.first { $0.0.contains(address) }.map { "\(address) cannot be cut off: \($0.1)" }
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
  /// Whether the host is stopped, so that they are cut off once its rules are back; `nil`: they are by now.
  package let isWaiting: Bool?

  package init(until: Int64?, cut: CutReport, isWaiting: Bool = false) {
    self.until = until
    self.cut = cut
    self.isWaiting = isWaiting ? true : nil
  }
}

/// Lets addresses take part again that the host has cut off.
package struct ReleaseHosts: AgentRequest, Codable {
  package static let name = "release"
  package static let isChange = true
  package typealias Reply = ReleasedHosts

  @BoundedList package private(set) var addresses: [Address]
  @BoundedOptionalWord package private(set) var why: String?

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
