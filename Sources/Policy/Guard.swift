public import Diagnostics

/// A statement about the whole policy that must hold, or nothing is compiled.
public struct Guard: Hashable, Sendable {
  public let name: String
  public let statement: GuardStatement
  /// The reason, for the person who would like to remove it.
  public let why: String?
  public let location: SourceLocation

  public init(name: String, statement: GuardStatement, why: String? = nil, location: SourceLocation) {
    self.name = name
    self.statement = statement
    self.why = why
    self.location = location
  }
}

/// What a guard says.
public enum GuardStatement: Hashable, Sendable {
  /// No path of at most `hops` allowed connections leads from one to the other.
  case never(from: PeersID, to: PeersID, service: ServiceID?, hops: Int)
  /// Whatever has the given destination (source, service) comes only from (goes only to) these.
  case only(from: PeersID?, to: PeersID?, service: ServiceID?)
  /// This connection is allowed, or denied.
  case expect(from: PeersID, to: PeersID, service: ServiceID, allowed: Bool)
  /// No flow touches these hosts.
  case isolated(PeersID)
  /// Every path from one to the other crosses these hosts.
  case through(from: PeersID, to: PeersID, via: PeersID)
}
