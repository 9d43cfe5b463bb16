package import Addressing
package import Policy

/// A guard that does not hold: what breaks it, and what mends it.
package struct BrokenGuard: Sendable {
  /// In ``Policy/guards``.
  package let index: Int
  package let breach: Breach
  package let remedy: Remedy
  /// Whether it would hold if every host enforced.
  package let holdsWhenEnforced: Bool
}

/// What a guard forbids and the policy does.
package enum Breach: Hashable, Sendable {
  /// Connections that lead, one after the other, where they must not; one for statements about single connections.
  case path([PathStep])
  /// A flow that touches what has to be isolated.
  case touched(Position, by: FlowID)
  /// A host that has to be isolated only observes, or leaves a direction alone, and so lets everything pass.
  case unenforced(HostID, Direction)
  /// A connection that has to be allowed and is not.
  case missing(MissingConnection)
}

/// A connection that no flow allows.
package struct MissingConnection: Hashable, Sendable {
  package let from: Position
  package let to: Position
  /// `nil`: the two have no family in common that the service is for.
  package let what: Asked?

  /// What of the service is denied.
  package struct Asked: Hashable, Sendable {
    package let family: AddressFamily
    package let term: ServiceTerm
  }
}

/// What makes a guard hold again.
package enum Remedy: Hashable, Sendable {
  /// To remove flows.
  case remove(Removal)
  /// To enforce: without any flow it would be possible still, through ends that do not.
  case enforce
  /// To add a flow.
  case allow
}
