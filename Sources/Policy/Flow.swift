public import Diagnostics

/// A moment as whole seconds since 1970-01-01T00:00:00Z.
public struct Timestamp: Hashable, Comparable, Sendable {
  public let seconds: Int64

  public init(seconds: Int64) { self.seconds = seconds }

  public static func < (a: Self, b: Self) -> Bool { a.seconds < b.seconds }
}

/// Index of a flow in ``Policy/flows``; flows are sorted by name.
public struct FlowID: Hashable, Comparable, Sendable {
  public let index: Int

  public init(_ index: Int) { self.index = index }

  public static func < (a: Self, b: Self) -> Bool { a.index < b.index }
}

/// A permission: from, to, service, and why. There is no other way to allow anything.
public struct Flow: Hashable, Sendable {
  public let name: String
  public let from: PeersID
  public let to: PeersID
  /// Not empty, ascending.
  public let services: [ServiceID]
  public let why: String
  public let owner: String?
  public let ticket: String?
  /// The first moment at which the flow is closed, judged by the kernel; `nil`: open until removed.
  public let until: Timestamp?
  public let location: SourceLocation

  public init(
    name: String, from: PeersID, to: PeersID, services: [ServiceID], why: String, owner: String?,
    ticket: String?, until: Timestamp?, location: SourceLocation
  ) {
    self.name = name
    self.from = from
    self.to = to
    self.services = services
    self.why = why
    self.owner = owner
    self.ticket = ticket
    self.until = until
    self.location = location
  }
}
