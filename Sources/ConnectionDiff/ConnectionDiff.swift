public import ConnectionSpace
public import Diagnostics
public import Policy

/// What a change means for connections: from one policy to another, or from one ruleset to another on some hosts.
public struct ConnectionDiff: Sendable {
  /// What becomes possible, in lines that name flows of the new side.
  public let opened: [ConnectionLine]
  /// What stops being possible, in lines that name flows of the old side.
  public let closed: [ConnectionLine]
  /// What may open or close, depending on more than the connection: rates, marks, rules that are not modelled.
  public let mayOpen: [ConnectionLine]
  public let mayClose: [ConnectionLine]
  /// What one managed end allows from now on, or allows no more, and the other end, or a gateway between them, does not
  /// allow: nothing passes, until somebody is root there.
  public let halfOpened: [ConnectionLine]
  public let halfClosed: [ConnectionLine]
  /// What gateways forward from now on, or no more, beside that: on ways that no declared route leads.
  public let forwardOpened: [ConnectionLine]
  public let forwardClosed: [ConnectionLine]
  /// What will pass, or not, once flows with an end are over, beside what opens and closes now.
  public let laterOpened: [ConnectionLine]
  public let laterClosed: [ConnectionLine]
  /// Exactly what no flow allows and passed while it was only observed, and is denied from now on.
  public let enforced: [Rectangle]
  /// Exactly what no flow allows and passes from now on, because it is only observed.
  public let released: [Rectangle]
  /// What no flow allows any more, and passes on, because it is only observed.
  public let stillPassing: [ConnectionLine]
  /// Hosts whose forwarding is left alone from now on, so that everything passes through, or no more.
  public let forwarding: [ForwardingChange]
  public let totals: Totals
  /// Hosts that only one of the sides has, sorted.
  public let addedHosts: [String]
  public let removedHosts: [String]
  /// Directions that are enforced from now on, or only observed.
  public let modes: [ModeChange]
  /// Flows of both policies that end at another time than before.
  public let ends: [EndChange]
  public let risks: [Risk]
  /// Hosts that nobody can log in to any more; `nil`: none.
  public let lockout: Lockout?
  /// What passes on both sides, as far as these hosts decide; `nil` of policies, whose flows say it.
  public let passage: FleetPassage?

  /// Whether no connection opens or closes, now or later, and no mode changes, whatever was renamed or
  /// regrouped.
  public var isEmpty: Bool {
    opened.isEmpty && closed.isEmpty && mayOpen.isEmpty && mayClose.isEmpty && halfOpened.isEmpty
      && halfClosed.isEmpty && forwardOpened.isEmpty
      && forwardClosed.isEmpty && laterOpened.isEmpty && laterClosed.isEmpty && forwarding.isEmpty
      && enforced.isEmpty && released.isEmpty && stillPassing.isEmpty && modes.isEmpty && ends.isEmpty
  }

  /// Exact sizes of a change.
  public struct Totals: Hashable, Sendable {
    /// Points (source host, destination host, family, protocol, port or type) between two different hosts.
    public let opened: Int
    public let closed: Int
    /// Of what no flow allows: points that are denied from now on and were only observed, or the other way round.
    public let enforced: Int
    public let released: Int
    /// Rectangles that have an end outside the inventory.
    public let openedOutside: Int
    public let closedOutside: Int

    public init(
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

  /// A host's direction in another mode than before.
  public struct ModeChange: Hashable, Sendable {
    public let host: String
    public let direction: Direction
    public let mode: Mode
  }

  /// A host that filters what passes through on one side only.
  public struct ForwardingChange: Hashable, Sendable {
    public let host: String
    /// Whether everything passes through from now on.
    public let isLeftAlone: Bool
  }

  /// A flow that ends at another time; `nil`: never.
  public struct EndChange: Hashable, Sendable {
    public let flow: String
    /// Where the flow is written; `nil`: in no inventory that is at hand.
    public let location: SourceLocation?
    public let old: Timestamp?
    public let new: Timestamp?
  }
}
