public import Addressing
public import Policy

/// A guard that does not hold: what breaks it, and what mends it.
public struct BrokenGuard: Sendable {
  /// In ``Policy/guards``.
  public let index: Int
  public let breach: Breach
  public let remedy: Remedy
  /// Whether it would hold if every host enforced.
  public let holdsWhenEnforced: Bool
}

/// What a guard forbids and the policy does.
public enum Breach: Hashable, Sendable {
  /// Connections that lead, one after the other, where they must not; one for statements about single connections.
  case path([Step])
  /// A flow that touches what has to be isolated.
  case touched(Position, by: FlowID)
  /// A host that has to be isolated observes, and so lets everything pass.
  case observes(HostID, Direction)
  /// A connection that has to be allowed and is not.
  case missing(MissingConnection)
}

/// A connection that no flow allows.
public struct MissingConnection: Hashable, Sendable {
  public let from: Position
  public let to: Position
  /// `nil`: the two have no family in common that the service is for.
  public let what: Asked?

  /// What of the service is denied.
  public struct Asked: Hashable, Sendable {
    public let family: AddressFamily
    public let term: ServiceTerm
  }
}

/// What makes a guard hold again.
public enum Remedy: Hashable, Sendable {
  /// To remove flows.
  case remove(Removal)
  /// To enforce: without any flow it would be possible still, through ends that observe.
  case enforce
  /// To add a flow.
  case allow
}
