internal import Addressing
public import ConnectionSpace
public import Diagnostics
public import Policy
internal import PolicySpace

/// What a change from one policy to another means for connections.
public struct PolicyDiff: Sendable {
  /// What becomes possible, in lines that name flows of the new policy.
  public let opened: [ConnectionLine]
  /// What stops being possible, in lines that name flows of the old policy.
  public let closed: [ConnectionLine]
  /// What one managed end allows from now on and the other end, or a gateway between them, does not.
  public let halfOpened: [ConnectionLine]
  public let totals: Totals
  /// Hosts that only one of the policies has, sorted.
  public let addedHosts: [String]
  public let removedHosts: [String]
  /// Directions that are enforced from now on, or only observed.
  public let modes: [ModeChange]
  /// Flows of both policies that end at another time than before.
  public let ends: [EndChange]
  public let risks: [Risk]

  /// Whether no connection opens or closes, now or later, and no mode changes, whatever was renamed or
  /// regrouped.
  public var isEmpty: Bool {
    opened.isEmpty && closed.isEmpty && halfOpened.isEmpty && modes.isEmpty && ends.isEmpty
  }

  /// Exact sizes of a change.
  public struct Totals: Hashable, Sendable {
    /// Points (source host, destination host, family, protocol, port or type) between two different hosts.
    public let opened: Int
    public let closed: Int
    /// Rectangles that have an end outside the inventory.
    public let openedOutside: Int
    public let closedOutside: Int

    public init(opened: Int, closed: Int, openedOutside: Int, closedOutside: Int) {
      self.opened = opened
      self.closed = closed
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

  /// A flow that ends at another time; `nil`: never.
  public struct EndChange: Hashable, Sendable {
    public let flow: String
    public let location: SourceLocation
    public let old: Timestamp?
    public let new: Timestamp?
  }

  /// - Parameter now: the moment at which flows with an end are judged.
  /// - Throws: ``NotProven`` when the change is too large to be exact about it.
  public init(from old: Policy, to new: Policy, at now: Timestamp, budget: Budget = Budget())
    throws(NotProven)
  {
    let universe = Universe(budget: budget)
    let before = try PolicySpace(old, HostPolicies(old), at: now, in: universe)
    let after = try PolicySpace(new, HostPolicies(new), at: now, in: universe)
    let change = try PolicyChange(from: before, to: after, \.whole)
    let loopback = try before.loopback.union(after.loopback)
    let half = try after.halfOpen.subtracting(before.halfOpen).subtracting(loopback)
    let (oldNames, newNames) = (Set(old.hosts.map(\.name)), Set(new.hosts.map(\.name)))
    addedHosts = newNames.subtracting(oldNames).sorted()
    removedHosts = oldNames.subtracting(newNames).sorted()

    let newLines = FlowLines(new, at: now, unshared: Set(addedHosts), loopback: loopback)
    let oldLines = FlowLines(old, at: now, unshared: Set(removedHosts), loopback: loopback)
    opened = try newLines.lines(of: change.opened)
    closed = try oldLines.lines(of: change.closed)
    halfOpened = try newLines.lines(of: half)
    totals = Totals(
      opened: try change.opened.pairs(among: after.endpoints),
      closed: try change.closed.pairs(among: before.endpoints),
      openedOutside: try change.opened.rectanglesOutside(new),
      closedOutside: try change.closed.rectanglesOutside(old))
    modes = Self.modes(from: old, to: new)
    ends = Self.ends(from: old, to: new)
    risks = Risk.all(of: opened, modes, from: old, to: new, at: now)
  }

  private static func ends(from old: Policy, to new: Policy) -> [EndChange] {
    let known = Dictionary(uniqueKeysWithValues: old.flows.map { ($0.name, $0) })
    return new.flows.compactMap { flow in
      guard let before = known[flow.name], before.until != flow.until else { return nil }
      return EndChange(flow: flow.name, location: flow.location, old: before.until, new: flow.until)
    }
  }

  private static func modes(from old: Policy, to new: Policy) -> [ModeChange] {
    let known = Dictionary(uniqueKeysWithValues: old.hosts.map { ($0.name, $0) })
    return new.hosts.flatMap { host in
      Direction.allCases.compactMap { direction in
        guard let before = known[host.name], before.modes[direction] != host.modes[direction],
          direction != .forward || host.forwarding != .leave
        else { return nil }
        return ModeChange(host: host.name, direction: direction, mode: host.modes[direction])
      }
    }
  }
}

extension ConnectionSpace {
  /// How many rectangles have an end that is no managed host's.
  fileprivate func rectanglesOutside(_ policy: Policy) throws(NotProven) -> Int {
    let outside = AddressSet.all.subtracting(AddressSet(policy.hosts.flatMap(\.addresses)))
    return try restricted(from: outside).union(restricted(to: outside)).rectangles().count
  }
}

extension PolicySpace {
  /// What one end allows and does not pass from end to end.
  fileprivate var halfOpen: ConnectionSpace {
    get throws(NotProven) {
      try sides.moved(from: .ingress, to: .whole).union(sides.moved(from: .egress, to: .whole))
        .subtracting(whole)
    }
  }
}
