package import Addressing

/// A port that a host opens to an address for a time, outside what it was compiled to.
package struct Door: Hashable, Sendable, Codable {
  /// How connections go through the host.
  package enum Way: String, Hashable, Sendable, Codable {
    case `in`, out, through
  }

  package let way: Way
  /// The other end; of what goes through, both, its source first.
  @BoundedList package private(set) var addresses: [Address]
  package let ipProtocol: UInt8
  package let port: UInt16

  package init(_ way: Way, _ addresses: [Address], _ ipProtocol: IPProtocol, _ port: UInt16) {
    self.way = way
    self.addresses = addresses
    self.ipProtocol = ipProtocol.rawValue
    self.port = port
  }

  /// Whether it is one that a host can have.
  package var isSound: Bool {
    addresses.count == (way == .through ? 2 : 1) && Set(addresses.map(\.family)).count == 1
      && IPProtocol(rawValue: ipProtocol).hasPorts && port > 0
  }
}

/// What somebody wants opened, in his words.
package struct OpenedFlow: Hashable, Sendable, Codable {
  @BoundedWord package private(set) var from: String
  @BoundedWord package private(set) var to: String
  @BoundedWord package private(set) var service: String

  package init(from: String, to: String, service: String) {
    self.from = from
    self.to = to
    self.service = service
  }
}

/// Opens doors for a time that the kernel ends.
package struct OpenDoors: AgentRequest, Codable {
  package static let name = "open"
  package static let isChange = true
  package typealias Reply = OpenedDoors

  package let flow: OpenedFlow
  @BoundedList package private(set) var doors: [Door]
  package let seconds: Int
  @BoundedWord package private(set) var why: String
  @BoundedOptionalWord package private(set) var ticket: String?

  package init(_ flow: OpenedFlow, _ doors: [Door], seconds: Int, why: String, ticket: String?) {
    self.flow = flow
    self.doors = doors
    self.seconds = seconds
    self.why = why
    self.ticket = ticket
  }

  /// Seconds for which a door may be open: what is needed for longer belongs in the inventory.
  package static let possibleSeconds = 10...86_400
  /// The most doors of a way and a family that a host has: what its rules have room for.
  package static let most = 1024
}

/// Doors that are open.
package struct OpenedDoors: AgentMessage, Hashable, Codable {
  /// Seconds since 1970, UTC, by the host's clock.
  package let until: Int64
  /// Addresses of them that the host refuses all the same, ahead of what is open: they are in quarantine, or have tripped.
  package let refused: [Address]

  package init(until: Int64, refused: [Address] = []) {
    self.until = until
    self.refused = refused
  }

  private enum Key: CodingKey {
    case until, refused
  }

  package init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Key.self)
    until = try fields.decode(Int64.self, forKey: .until)
    refused = try fields.decodeIfPresent(BoundedList<Address>.self, forKey: .refused)?.wrappedValue ?? []
  }

  package func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Key.self)
    try fields.encode(until, forKey: .until)
    if !refused.isEmpty { try fields.encode(refused, forKey: .refused) }
  }
}

/// Closes what was opened in some words, and ends the sessions that came by it.
package struct CloseDoors: AgentRequest, Codable {
  package static let name = "close"
  package static let isChange = true
  package typealias Reply = ClosedDoors

  package let flow: OpenedFlow
  /// What would be opened for it today: what the kernel has of it and the host's books do not goes, too.
  @BoundedList package private(set) var doors: [Door]
  @BoundedOptionalWord package private(set) var why: String?

  package init(_ flow: OpenedFlow, _ doors: [Door], why: String?) {
    self.flow = flow
    self.doors = doors
    self.why = why
  }
}

/// Doors that are closed.
package struct ClosedDoors: AgentMessage, Hashable, Codable {
  /// How many of them were open.
  @BoundedCount package private(set) var doors: Int
  /// How many stay open, since what was opened in other words has them.
  @BoundedCount package private(set) var shared: Int
  /// Whether anything was open in these words.
  package let wasOpen: Bool
  package let cut: CutReport

  package init(doors: Int, shared: Int, wasOpen: Bool, cut: CutReport) {
    self.doors = doors
    self.shared = shared
    self.wasOpen = wasOpen
    self.cut = cut
  }
}

/// What a host has opened for a time.
package struct OpenedStatus: Hashable, Sendable, Codable {
  package let flow: OpenedFlow
  @BoundedList package private(set) var doors: [Door]
  /// When it began, and when it ends: seconds since 1970, UTC, by the host's clock.
  package let since: Int64
  package let until: Int64
  @BoundedWord package private(set) var by: String
  @BoundedWord package private(set) var why: String
  @BoundedOptionalWord package private(set) var ticket: String?
  /// Whether the kernel has all of its doors open; `nil`: the agent does not tell.
  package let isInForce: Bool?

  package init(
    flow: OpenedFlow, doors: [Door], since: Int64, until: Int64, by: String, why: String, ticket: String?,
    isInForce: Bool? = nil
  ) {
    self.isInForce = isInForce
    self.flow = flow
    self.doors = doors
    self.since = since
    self.until = until
    self.by = by
    self.why = why
    self.ticket = ticket
  }

  /// Whether it is what a host can say.
  var isSound: Bool { Bounds.isTime(since) && Bounds.isTime(until) && doors.allSatisfy(\.isSound) }
}
