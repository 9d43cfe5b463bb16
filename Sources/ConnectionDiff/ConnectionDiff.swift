package import Addressing
package import ConnectionSpace
package import Diagnostics
package import Policy

/// What a change means for connections: from one policy to another, or from one ruleset to another on some hosts.
package struct ConnectionDiff: Sendable {
  /// What becomes possible, in lines that name flows of the new side.
  package let opened: [ConnectionLine]
  /// What stops being possible, in lines that name flows of the old side.
  package let closed: [ConnectionLine]
  /// What may open or close, depending on more than the connection: rates, marks, rules that are not modelled.
  package let mayOpen: [ConnectionLine]
  package let mayClose: [ConnectionLine]
  /// What one managed end allows from now on, or allows no more, and the other end, or a gateway between them, does not
  /// allow: nothing passes, until somebody is root there.
  package let halfOpened: [ConnectionLine]
  package let halfClosed: [ConnectionLine]
  /// What gateways forward from now on, or no more, beside that: on ways that no declared route leads.
  package let forwardOpened: [ConnectionLine]
  package let forwardClosed: [ConnectionLine]
  /// What will pass, or not, once flows with an end are over, beside what opens and closes now.
  package let laterOpened: [ConnectionLine]
  package let laterClosed: [ConnectionLine]
  /// Exactly what no flow allows and passed while it was only observed, or left alone, and is denied from now on.
  package let enforced: [Rectangle]
  /// Exactly what no flow allows and passes from now on, because it is only observed, or left alone.
  package let released: [Rectangle]
  /// What no flow allows any more, and passes on, because it is only observed, or left alone.
  package let stillPassing: [ConnectionLine]
  /// Hosts that let everything pass through from now on, or no more.
  package let forwarding: [ForwardingChange]
  /// Hosts that judge what is for their containers, or from them, otherwise than before.
  package let containers: [ContainersChange]
  package let totals: Totals
  /// Hosts that only one of the sides has, sorted.
  package let addedHosts: [String]
  package let removedHosts: [String]
  /// Hosts that both sides have, at other addresses; in order of name.
  package let readdressed: [Readdressing]
  /// Directions that are enforced from now on, only observed, or left alone.
  package let modes: [ModeChange]
  /// Flows of both policies that end at another time than before.
  package let ends: [EndChange]
  package let risks: [Risk]
  /// Hosts that nobody can log in to any more; `nil`: none.
  package let lockout: Lockout?
  /// What passes on both sides, as far as these hosts decide; `nil` of policies whose flows say it, because no route
  /// changes.
  package let passage: FleetPassage?

  /// Whether no connection opens or closes, now or later, and no mode changes, whatever was renamed or
  /// regrouped.
  package var isEmpty: Bool {
    opened.isEmpty && closed.isEmpty && mayOpen.isEmpty && mayClose.isEmpty && halfOpened.isEmpty
      && halfClosed.isEmpty && forwardOpened.isEmpty
      && forwardClosed.isEmpty && laterOpened.isEmpty && laterClosed.isEmpty && forwarding.isEmpty
      && containers.isEmpty
      && enforced.isEmpty && released.isEmpty && stillPassing.isEmpty && modes.isEmpty && ends.isEmpty
  }

  /// Exact sizes of a change.
  package struct Totals: Hashable, Sendable {
    /// Points (source host, destination host, family, protocol, port or type) between two different hosts.
    package let opened: Int
    package let closed: Int
    /// Of what no flow allows: points that are denied from now on and were only observed, or the other way round.
    package let enforced: Int
    package let released: Int
    /// Rectangles that have an end outside the inventory.
    package let openedOutside: Int
    package let closedOutside: Int

    package init(
      opened: Int, closed: Int, enforced: Int = 0, released: Int = 0, openedOutside: Int, closedOutside: Int
    ) {
      self.opened = opened
      self.closed = closed
      self.enforced = enforced
      self.released = released
      self.openedOutside = openedOutside
      self.closedOutside = closedOutside
    }
  }

  /// A host with other addresses than before.
  package struct Readdressing: Hashable, Sendable {
    package let host: String
    /// Ascending.
    package let gone: [Address]
    package let come: [Address]

    /// - Returns: `nil` where the addresses are the same.
    init?(_ host: String, from old: [Address], to new: [Address]) {
      (gone, come) = (Set(old).subtracting(new).sorted(), Set(new).subtracting(old).sorted())
      if gone.isEmpty, come.isEmpty { return nil }
      self.host = host
    }
  }

  /// A host's direction in another mode than before.
  package struct ModeChange: Hashable, Sendable {
    package let host: String
    package let direction: Direction
    /// The one from before.
    package let old: Mode
    package let mode: Mode
    /// Whether what the host publishes for its containers has the mode, too.
    package let reachesContainers: Bool
  }

  /// A host that filters what passes through on one side only.
  package struct ForwardingChange: Hashable, Sendable {
    package let host: String
    /// Whether everything passes through from now on.
    package let passesAll: Bool
  }

  /// A flow that ends at another time; `nil`: never.
  package struct EndChange: Hashable, Sendable {
    package let flow: String
    /// Where the flow is written; `nil`: in no inventory that is at hand.
    package let location: SourceLocation?
    package let old: Timestamp?
    package let new: Timestamp?
  }
}
