internal import Addressing
public import ConnectionSpace
public import Policy
internal import PolicySpace

extension ConnectionDiff {
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
    // What one end allowed alone and now passes is opened, and the other way round.
    let (one, other) = (try before.halfOpen, try after.halfOpen)
    let half = try other.subtracting(one).subtracting(before.whole).subtracting(loopback)
    let halfGone = try one.subtracting(other).subtracting(after.whole).subtracting(loopback)
    let (oldNames, newNames) = (Set(old.hosts.map(\.name)), Set(new.hosts.map(\.name)))
    addedHosts = newNames.subtracting(oldNames).sorted()
    removedHosts = oldNames.subtracting(newNames).sorted()

    let newLines = FlowLines(
      new.claims(at: now), EndNames(new), unshared: new.addresses(of: addedHosts), loopback: loopback)
    let oldLines = FlowLines(
      old.claims(at: now), EndNames(old), unshared: old.addresses(of: removedHosts), loopback: loopback)
    passage = nil
    mayOpen = []
    mayClose = []
    opened = try newLines.lines(of: change.opened)
    closed = try oldLines.lines(of: change.closed)
    halfOpened = try newLines.lines(of: half)
    halfClosed = try oldLines.lines(of: halfGone)
    totals = Totals(
      opened: try change.opened.pairs(among: after.endpoints),
      closed: try change.closed.pairs(among: before.endpoints),
      openedOutside: try change.opened.rectangles(outside: new.managed),
      closedOutside: try change.closed.rectangles(outside: old.managed))
    modes = Self.modes(from: old, to: new)
    ends = Self.ends(from: old, to: new)
    risks = Risk.all(of: opened, modes, to: new, at: now)
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

extension Policy {
  /// The addresses of all hosts.
  var managed: AddressSet { AddressSet(hosts.flatMap(\.addresses)) }

  fileprivate func addresses(of names: [String]) -> AddressSet {
    let names = Set(names)
    return AddressSet(hosts.filter { names.contains($0.name) }.flatMap(\.addresses))
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
