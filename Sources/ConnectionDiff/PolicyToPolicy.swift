internal import Addressing
package import ConnectionSpace
package import Policy
internal import PolicySpace

extension ConnectionDiff {
  /// - Parameter now: the moment at which flows with an end are judged.
  /// - Throws: ``NotProven`` when the change is too large to be exact about it.
  package init(from old: Policy, to new: Policy, at now: Timestamp, budget: Budget = Budget())
    throws(NotProven)
  {
    let universe = Universe(budget: budget)
    // Lines tell what flows allow: to them what is left alone is no other than what is only observed.
    let declared = (old: old.observingWhatIsLeft, new: new.observingWhatIsLeft)
    let sides = try Sides(declared.old, declared.new, at: now, in: universe)
    let (before, after) = (sides.before, sides.after)
    let observing = try sides.observing(declared.old, declared.new, at: now, in: universe)
    let modal = try ModeEffect(
      declared: (before.whole, after.whole), effective: (observing.before, observing.after),
      except: sides.moving)
    // What a host sends itself never meets a rule.
    let loopback = try before.loopback.union(after.loopback)
    let stillPassed = try sides.change.closed.intersection(modal.passingAfter).subtracting(loopback)
    let change = (
      opened: try sides.change.opened.subtracting(loopback),
      closed: try sides.change.closed.subtracting(modal.passingAfter).subtracting(loopback)
    )
    // What one end allowed alone and now passes is opened, and the other way round.
    let one = try before.sides.halfOpen(passing: before.whole)
    let other = try after.sides.halfOpen(passing: after.whole)
    let half = try other.subtracting(one).subtracting(before.whole).subtracting(loopback)
    let halfGone = try one.subtracting(other).subtracting(after.whole).subtracting(loopback)
    var later = (opened: universe.empty, closed: universe.empty)
    for moment in Self.moments(old, new, after: now) {
      let then = try Sides(declared.old, declared.new, at: moment, in: universe).change
      later.opened = try later.opened.union(then.opened)
      later.closed = try later.closed.union(then.closed)
    }
    let (oldNames, newNames) = (Set(old.hosts.map(\.name)), Set(new.hosts.map(\.name)))
    addedHosts = newNames.subtracting(oldNames).sorted()
    removedHosts = oldNames.subtracting(newNames).sorted()

    let known = Dictionary(uniqueKeysWithValues: old.hosts.map { ($0.name, $0.addresses) })
    readdressed = new.hosts.compactMap { host in
      known[host.name].flatMap { Readdressing(host.name, from: $0, to: host.addresses) }
    }.sorted { $0.host < $1.host }
    let moved = Set(readdressed.filter { !$0.gone.isEmpty }.map(\.host))
    let newLines = FlowLines(
      new.claims(at: now), EndNames(new).telling(addressesOf: moved), unshared: new.addresses(of: addedHosts),
      loopback: loopback, apart: new.managed)
    let oldLines = FlowLines(
      old.claims(at: now), EndNames(old).telling(addressesOf: moved),
      unshared: old.addresses(of: removedHosts), loopback: loopback, apart: old.managed)
    forwarding = Self.forwarding(from: old, to: new)
    containers = Self.containers(from: old, to: new)
    let left = Set(forwarding.map(\.host))
    passage =
      Self.routesDiffer(old, new) ? try FleetPassage(from: observing.before, to: observing.after) : nil
    mayOpen = []
    mayClose = []
    opened = try newLines.lines(of: change.opened)
    closed = try oldLines.lines(of: change.closed)
    enforced = try modal.enforced.subtracting(loopback).rectangles()
    released = try modal.released.subtracting(loopback).rectangles()
    stillPassing = try oldLines.lines(of: stillPassed)
    halfOpened = try newLines.lines(of: half)
    halfClosed = try oldLines.lines(of: halfGone)
    forwardOpened = try newLines.lines(
      of: ConnectionSpace.forwarded(after.forwarded, over: before.forwarded, but: left, in: universe)
        .subtracting(change.opened).subtracting(loopback))
    forwardClosed = try oldLines.lines(
      of: ConnectionSpace.forwarded(before.forwarded, over: after.forwarded, but: left, in: universe)
        .subtracting(change.closed).subtracting(loopback))
    laterOpened = try newLines.lines(
      of: later.opened.subtracting(change.opened).subtracting(loopback))
    laterClosed = try oldLines.lines(
      of: later.closed.subtracting(change.closed).subtracting(loopback))
    totals = Totals(
      opened: try change.opened.pairs(among: after.endpoints),
      closed: try change.closed.pairs(among: before.endpoints),
      enforced: try modal.enforced.pairs(among: before.endpoints),
      released: try modal.released.pairs(among: after.endpoints),
      openedOutside: try change.opened.rectangles(outside: new.managed),
      closedOutside: try change.closed.rectangles(outside: old.managed))
    modes = Self.modes(from: old, to: new)
    ends = Self.ends(from: old, to: new)
    lockout = try Lockout(
      from: observing.before, to: observing.after, without: loopback,
      new.hosts.compactMap { host in
        known[host.name].map { (name: host.name, old: $0, new: host.addresses) }
      }, new, at: now)
    risks = Risk.all(of: opened, modes, forwarding, containers, lockout, to: new, at: now)
  }

  /// When flows end, as far as that may show what the present hides: a flow that stays for good in the place of one that
  /// ends opens nothing yet. Where flows change in nothing but their ends, those say it.
  private static func moments(_ old: Policy, _ new: Policy, after now: Timestamp) -> [Timestamp] {
    func kinds(_ policy: Policy) -> Set<[String]> {
      Set(
        policy.flows.map {
          [$0.name, policy[$0.written.from].name, policy[$0.written.to].name, $0.per.joined(separator: " ")]
            + $0.services.map { policy[$0].name }
        })
    }
    if kinds(old) == kinds(new) { return [] }
    let all = Set((old.flows + new.flows).compactMap(\.until)).filter { $0 > now }.sorted()
    return all.count > 8 ? all.prefix(7) + all.suffix(1) : all
  }

  /// Whether a host that both have forwards on other ways, or in another manner.
  private static func routesDiffer(_ old: Policy, _ new: Policy) -> Bool {
    let known = Dictionary(uniqueKeysWithValues: old.hosts.map { ($0.name, $0) })
    return new.hosts.contains { host in
      guard let before = known[host.name] else { return false }
      return before.forwarding.filtersPassage != host.forwarding.filtersPassage
        || old.areas(of: before) != new.areas(of: host)
    }
  }

  private static func forwarding(from old: Policy, to new: Policy) -> [ForwardingChange] {
    let known = Dictionary(uniqueKeysWithValues: old.hosts.map { ($0.name, $0) })
    return new.hosts.compactMap { host in
      let filters = host.forwarding.filtersPassage
      guard let before = known[host.name], before.forwarding.filtersPassage != filters else { return nil }
      return ForwardingChange(host: host.name, passesAll: !filters)
    }
  }

  private static func containers(from old: Policy, to new: Policy) -> [ContainersChange] {
    let known = Dictionary(uniqueKeysWithValues: old.hosts.map { ($0.name, $0.forwarding) })
    return new.hosts.compactMap { host in
      known[host.name].flatMap { before in
        ContainersChange(
          host.name, from: before.containers, to: host.forwarding.containers,
          isFiltered: (before: before.filtersPassage, after: host.forwarding.filtersPassage))
      }
    }
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
          direction != .forward || host.forwarding.filtersPassage
        else { return nil }
        return ModeChange(
          host: host.name, direction: direction, old: before.modes[direction], mode: host.modes[direction],
          reachesContainers: direction == .ingress && host.forwarding.containers != nil)
      }
    }
  }
}

extension Policy {
  fileprivate func addresses(of names: [String]) -> AddressSet {
    let names = Set(names)
    return AddressSet(hosts.filter { names.contains($0.name) }.flatMap(\.addresses))
  }
}

/// Both policies at one moment.
private struct Sides {
  let before: PolicySpace
  let after: PolicySpace
  /// What opens and closes, by address; of addresses that become a host's, or no longer are one's, all that it has or
  /// had: a network may have had it before, and no host did.
  let change: (opened: ConnectionSpace, closed: ConnectionSpace)
  /// Addresses that only one side has as a host's.
  let moving: AddressSet

  init(_ old: Policy, _ new: Policy, at moment: Timestamp, in universe: Universe) throws(NotProven) {
    (before, after) = try Self.spaces(old, new, at: moment, in: universe, .declared)
    let change = try PolicyChange(from: before, to: after, \.whole)
    let come = new.managed.subtracting(old.managed)
    let gone = old.managed.subtracting(new.managed)
    moving = come.union(gone)
    self.change = (
      opened: try change.opened.union(after.whole.touching(come)),
      closed: try change.closed.union(before.whole.touching(gone))
    )
  }

  /// What passes on both sides where hosts that only observe let everything pass.
  func observing(_ old: Policy, _ new: Policy, at moment: Timestamp, in universe: Universe)
    throws(NotProven) -> (before: ConnectionSpace, after: ConnectionSpace)
  {
    if !old.observes, !new.observes { return (before.whole, after.whole) }
    let spaces = try Self.spaces(old, new, at: moment, in: universe, .effective)
    return (spaces.before.whole, spaces.after.whole)
  }

  private static func spaces(
    _ old: Policy, _ new: Policy, at moment: Timestamp, in universe: Universe, _ reading: Reading
  ) throws(NotProven) -> (before: PolicySpace, after: PolicySpace) {
    // A host that is a gateway on one side joins the same areas on the other: a route that goes closes, a network does
    // not change with it.
    func areas(_ policy: Policy) -> [String: [AreaPair]] {
      var result: [String: [AreaPair]] = [:]
      for host in policy.hosts { result[host.name] = policy.areas(of: host) }
      return result
    }
    return (
      try PolicySpace(
        old, HostPolicies(old), at: moment, in: universe, reading: reading, joined: areas(new)),
      try PolicySpace(
        new, HostPolicies(new), at: moment, in: universe, reading: reading, joined: areas(old))
    )
  }
}

extension Policy {
  /// Whether any host only observes a direction.
  fileprivate var observes: Bool {
    hosts.contains { host in Direction.allCases.contains { host.modes[$0] == .observe } }
  }

  /// The same policy with hosts that observe what they leave alone.
  fileprivate var observingWhatIsLeft: Policy {
    guard hosts.contains(where: { $0.modes.ingress == .leave || $0.modes.egress == .leave }) else {
      return self
    }
    return with(
      hosts: hosts.map { host in
        var modes = host.modes
        if modes.ingress == .leave { modes.ingress = .observe }
        if modes.egress == .leave { modes.egress = .observe }
        return host.with(modes: modes)
      })
  }
}

extension ConnectionSpace {
  /// What has one of these addresses at one end or the other.
  func touching(_ addresses: AddressSet) throws(NotProven) -> ConnectionSpace {
    addresses.isEmpty ? universe.empty : try restricted(from: addresses).union(restricted(to: addresses))
  }
}
