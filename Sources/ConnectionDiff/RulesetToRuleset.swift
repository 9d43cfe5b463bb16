internal import Addressing
package import ConnectionSpace
internal import Nftables
package import Policy
internal import RulesetShape
internal import RulesetSpace

extension ConnectionDiff {
  /// What a change of rulesets means. What hosts decide that are not among these is taken for granted, and what is only
  /// observed counts as denied: its modes are told apart.
  ///
  /// - Parameters:
  ///   - policy: what the new rulesets were compiled from; its names and places are told. `nil`: names are those in
  ///     the rulesets.
  ///   - now: the moment at which flows with an end are judged.
  /// - Throws: ``NotProven`` when the change is too large to be exact about it.
  package init(
    of hosts: [HostRulesets], compiledFrom policy: Policy?, at now: Timestamp, budget: Budget = Budget()
  ) throws(NotProven) {
    let universe = Universe(budget: budget)
    let before = hosts.compactMap { host in host.old.map { (host, $0) } }
    let after = hosts.compactMap { host in host.new.map { (host, $0) } }
    let pairs = hosts.pairs
    forwarding = pairs.compactMap(\.forwardingChange)
    containers = pairs.compactMap(\.containersChange)
    let left = Set(forwarding.map(\.host))
    let groups = try universe.space(of: policy?.requestsToGroups ?? [])
    let staying = hosts.filter { !$0.staying.isEmpty }
    let change = try RulesetChange(
      from: before, to: after, staying: staying, groups: groups, leaving: left, at: now)
    var later = (opened: universe.empty, closed: universe.empty)
    for moment in Self.moments(pairs, after: now) {
      let then = try RulesetChange(
        from: before, to: after, staying: staying, groups: groups, leaving: left, at: moment)
      later.opened = try later.opened.union(then.opened)
      later.closed = try later.closed.union(then.closed)
    }
    passage = change.passage
    let endpoints = hosts.endpoints(of: policy)
    let loopback = try universe.connections(within: endpoints)

    let removed = hosts.filter { $0.new == nil }
    let added = hosts.filter { $0.old == nil }
    // A host at other addresses is there twice.
    readdressed = removed.compactMap { old in
      added.first { $0.name == old.name }.flatMap {
        Readdressing(old.name, from: old.addresses, to: $0.addresses)
      }
    }.sorted { $0.host < $1.host }
    let moved = Set(readdressed.map(\.host))
    let names = (policy.map { EndNames($0, with: hosts) } ?? EndNames(hosts)).telling(addressesOf: moved)
      .carrying(hosts.stray)
    let managed = policy?.managed.union(hosts.allAddresses) ?? hosts.allAddresses
    let oldClaims = try RuleClaims(before, at: now, in: universe).claims
    let newClaims =
      if let policy {
        policy.claims(at: now, reachingAt: hosts.stray)
      } else {
        try RuleClaims(after, at: now, in: universe).claims
      }
    func lines(_ claims: [Claim], unshared hosts: [HostRulesets]) -> FlowLines {
      FlowLines(
        claims, names, unshared: hosts.filter { !moved.contains($0.name) }.allAddresses, loopback: loopback,
        apart: managed)
    }
    let newLines = lines(newClaims, unshared: added)
    let oldLines = lines(oldClaims, unshared: removed)
    let opened = try change.opened.subtracting(loopback)
    let closed = try change.closed.subtracting(loopback)
    self.opened = try newLines.lines(of: opened)
    self.closed = try oldLines.lines(of: closed)
    // Neighbour discovery comes and goes with a host, by its hop limit, and is no flow's doing.
    let discovery = try universe.discovery(of: (added + removed).allAddresses).union(loopback)
    mayOpen = try newLines.lines(of: change.mayOpen.subtracting(discovery))
    mayClose = try oldLines.lines(of: change.mayClose.subtracting(discovery))
    let enforced = try change.modal.enforced.subtracting(discovery)
    let released = try change.modal.released.subtracting(discovery)
    self.enforced = try enforced.rectangles()
    self.released = try released.rectangles()
    stillPassing = try oldLines.lines(of: change.stillPassing.subtracting(discovery))
    halfOpened = try newLines.lines(of: change.halfOpened.subtracting(discovery))
    halfClosed = try oldLines.lines(of: change.halfClosed.subtracting(discovery))
    // What a host sends itself passes by its loopback and is forwarded by nobody.
    forwardOpened = try newLines.lines(of: change.forwardOpened.subtracting(loopback))
    forwardClosed = try oldLines.lines(of: change.forwardClosed.subtracting(loopback))
    laterOpened = try newLines.lines(of: later.opened.subtracting(change.opened).subtracting(discovery))
    laterClosed = try oldLines.lines(of: later.closed.subtracting(change.closed).subtracting(discovery))
    totals = Totals(
      opened: try opened.pairs(among: endpoints), closed: try closed.pairs(among: endpoints),
      enforced: try enforced.pairs(among: endpoints), released: try released.pairs(among: endpoints),
      openedOutside: try opened.rectangles(outside: managed),
      closedOutside: try closed.rectangles(outside: managed))
    addedHosts = added.map(\.name).filter { !moved.contains($0) }.sorted()
    removedHosts = removed.map(\.name).filter { !moved.contains($0) }.sorted()
    modes = pairs.flatMap(\.modeChanges)
    ends = Self.ends(of: pairs, policy)
    lockout = try Lockout(
      from: change.passage.old, to: change.passage.new, without: loopback,
      pairs.map { (name: $0.name, old: $0.addresses.old, new: $0.addresses.new) }, policy, at: now)
    risks = Risk.all(of: self.opened, modes, forwarding, containers, lockout, to: policy, at: now)
  }

  /// When flows end on hosts where flows come or go: see the same of policies.
  private static func moments(_ hosts: [HostPair], after now: Timestamp) -> [Timestamp] {
    var all: Set<Timestamp> = []
    for host in hosts where host.old != host.new && host.old.flows != host.new.flows {
      all.formUnion(host.old.ends.values)
      all.formUnion(host.new.ends.values)
    }
    let ahead = all.filter { $0 > now }.sorted()
    return ahead.count > 8 ? ahead.prefix(7) + ahead.suffix(1) : ahead
  }

  private static func ends(of hosts: [HostPair], _ policy: Policy?) -> [EndChange] {
    var changes: [String: (old: Timestamp?, new: Timestamp?)] = [:]
    for host in hosts {
      let (before, after) = (host.old.ends, host.new.ends)
      // Where only one side has rules of the flow, it opens or closes there.
      let (here, there) = (host.old.flows, host.new.flows)
      for flow in here.intersection(there) where before[flow] != after[flow] {
        changes[flow] = (before[flow], after[flow])
      }
    }
    return changes.sorted { $0.key < $1.key }.map { flow, end in
      EndChange(
        flow: flow, location: policy?.flows.first { $0.name == flow }?.location, old: end.old, new: end.new)
    }
  }
}

/// A host that both sides have, at the same addresses or at others.
private struct HostPair {
  let name: String
  let addresses: (old: [Address], new: [Address])
  let old: [Table]
  let new: [Table]
}

extension [HostRulesets] {
  /// A host at other addresses than before is there twice, once for each side.
  fileprivate var pairs: [HostPair] {
    let moved = Dictionary(
      filter { $0.old == nil }.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    return compactMap { host in
      guard let old = host.old, let after = host.new == nil ? moved[host.name] : host, let new = after.new
      else {
        return nil
      }
      return HostPair(name: host.name, addresses: (host.addresses, after.addresses), old: old, new: new)
    }
  }
}

extension HostPair {
  private var isCompiled: Bool { old.contains(where: \.isSekishos) && new.contains(where: \.isSekishos) }

  /// Whether the host filters what passes through on one side only.
  fileprivate var forwardingChange: ConnectionDiff.ForwardingChange? {
    let (before, after) = (old.filtersPassage, new.filtersPassage)
    return !isCompiled || before == after
      ? nil : ConnectionDiff.ForwardingChange(host: name, passesAll: before)
  }

  fileprivate var containersChange: ContainersChange? {
    if !isCompiled { return nil }
    return ContainersChange(
      name, from: old.containers, to: new.containers,
      isFiltered: (before: old.filtersPassage, after: new.filtersPassage))
  }

  /// Directions that the host enforces from now on, only observes, or leaves alone.
  fileprivate var modeChanges: [ConnectionDiff.ModeChange] {
    Direction.allCases.compactMap { direction in
      guard let before = old.mode(direction), let after = new.mode(direction), before != after else {
        return nil
      }
      return ConnectionDiff.ModeChange(
        host: name, direction: direction, old: before, mode: after,
        reachesContainers: direction == .ingress && new.containers != nil)
    }
  }
}

extension [Table] {
  fileprivate var filtersPassage: Bool { contains(where: \.filtersPassage) }

  fileprivate var containers: Containers? { first(where: \.isSekishos)?.containers }

  /// That of the compiled table among these; `nil` where there is none, or its rules are not what was compiled. What is
  /// judged for containers alone has the mode of ingress.
  fileprivate func mode(_ direction: Direction) -> Mode? {
    guard let table = first(where: \.isSekishos) else { return nil }
    if table.leavesAlone(Side(direction)) { return .leave }
    guard let base = table.base(Side(direction)), direction != .forward || table.filtersPassage else {
      return nil
    }
    return table.mode(of: base).map { $0 == .enforce ? .enforce : .observe }
  }

  fileprivate var ends: [String: Timestamp] {
    filter(\.isSekishos).reduce(into: [:]) { $0.merge($1.ends) { Swift.max($0, $1) } }
  }

  fileprivate var flows: Set<String> {
    Set(filter(\.isSekishos).flatMap(\.chains).flatMap(\.rules).compactMap(\.acceptedFlow))
  }
}

extension Universe {
  /// Neighbour and multicast listener discovery to and from some hosts.
  fileprivate func discovery(of hosts: AddressSet) throws(NotProven) -> ConnectionSpace {
    let messages = Kinds.types(RulesetSpace.untracked)
    return try space(of: [
      Rectangle(.whole, .icmpv6, from: hosts, to: .all, messages),
      Rectangle(.whole, .icmpv6, from: .all, to: hosts, messages),
    ])
  }
}

extension [HostRulesets] {
  fileprivate var allAddresses: AddressSet { AddressSet(flatMap { $0.addresses + $0.carried + $0.stray }) }

  /// By the name of the host, of those that have any.
  var stray: [String: [Address]] {
    Dictionary(
      filter { !$0.stray.isEmpty }.map { ($0.name, $0.stray) }, uniquingKeysWith: { first, _ in first })
  }

  /// Hosts as one end each, with all that they carry.
  fileprivate func endpoints(of policy: Policy?) -> Endpoints {
    guard let policy else { return Endpoints(map { $0.addresses + $0.stray }) }
    let stray = stray
    return Endpoints(policy.hosts.map { $0.addresses + (stray[$0.name] ?? []) })
  }
}
