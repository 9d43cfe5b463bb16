package import Addressing

/// Somebody who has tripped a tripwire of a host and is not let go yet.
package struct TripStatus: Hashable, Sendable, Codable {
  package let address: Address
  /// The names of the tripwires, sorted; none where it is not known.
  @BoundedList package private(set) var tripwires: [String]
  /// When he did and when he is let go: seconds since 1970, UTC, by the host's clock.
  package let since: Int64
  package let until: Int64
  /// Whether the host refuses him; else he tripped where it only observes, or too many are refused already.
  package let isCut: Bool

  package init(address: Address, tripwires: [String], since: Int64, until: Int64, isCut: Bool) {
    self.address = address
    self.tripwires = tripwires
    self.since = since
    self.until = until
    self.isCut = isCut
  }

  /// The most that a host tells, those whom it refuses first.
  package static let most = 4096

  /// Whether it is what a host can say.
  var isSound: Bool {
    Bounds.isTime(since) && Bounds.isTime(until) && tripwires.count <= 64
      && tripwires.allSatisfy { $0.utf8.count <= 63 }
  }
}

/// Refuses somebody no more who has tripped a tripwire, and forgets his knocks.
package struct ReleaseTripped: AgentRequest, Codable {
  package static let name = "release-tripped"
  package static let isChange = true
  package typealias Reply = ReleasedHosts

  /// Somebody as the host's history is to name him.
  @BoundedList package private(set) var peers: [QuarantineHosts.Peer]
  @BoundedWord package private(set) var why: String

  package init(_ peers: [QuarantineHosts.Peer], why: String) {
    self.peers = peers
    self.why = why
  }
}
