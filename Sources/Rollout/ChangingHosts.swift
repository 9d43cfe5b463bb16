internal import Addressing
internal import ConnectionSpace
internal import Policy
internal import PolicySpace

/// The hosts of both policies, by all addresses that either of them says.
struct ChangingHosts {
  private let old: Policy
  private let new: Policy
  private let carried: (old: [[Address]], new: [[Address]])

  init(_ old: Policy, _ new: Policy) {
    (self.old, self.new) = (old, new)
    carried = (old.carried, new.carried)
  }

  struct Member {
    let addresses: [Address]
    let carried: [Address]
    let areas: [AreaPair]?
    /// Whether the policies say other addresses.
    let hasMoved: Bool
  }

  /// A host that gets another address speaks to itself from one to the other.
  var endpoints: Endpoints {
    Endpoints(old.hosts.enumerated().map { member(HostID($0), new.host(named: $1.name)).addresses })
  }

  func member(ofNew host: HostID) -> Member { member(old.host(named: new[host].name), host) }

  func member(_ host: HostID?, _ other: HostID?) -> Member {
    let hosts = (host.map { old[$0] }, other.map { new[$0] })
    let own = [hosts.0?.addresses, hosts.1?.addresses].compactMap { $0 }
    let virtual = [host.map { carried.old[$0.index] }, other.map { carried.new[$0.index] }].compactMap { $0 }
    let areas = [hosts.0.flatMap(old.areas), hosts.1.flatMap(new.areas)].compactMap { $0 }
    return Member(
      addresses: Set(own.joined()).sorted(), carried: Set(virtual.joined()).sorted(),
      areas: areas.isEmpty ? nil : Array(areas.joined()),
      hasMoved: Set(own).count > 1 || Set(virtual).count > 1)
  }
}

/// What hosts allow at each end by either policy, as packets see it.
struct ChangingSides {
  private let old: CompiledFleet
  private let new: CompiledFleet
  private let spaces: (old: HostSpaces, new: HostSpaces)
  private let hosts: ChangingHosts
  /// Every connection there is, as hosts get it, send it and forward it.
  private let all: (ingress: ConnectionSpace, egress: ConnectionSpace, forward: ConnectionSpace)

  init(
    _ old: CompiledFleet, _ new: CompiledFleet, _ hosts: ChangingHosts, at now: Timestamp,
    in universe: Universe
  ) throws(NotProven) {
    (self.old, self.new, self.hosts) = (old, new, hosts)
    all = (
      try universe.everything(.ingress), try universe.everything(.egress), try universe.everything(.forward)
    )
    spaces = (
      try HostSpaces(old.policy, old.policies, at: now, in: universe),
      try HostSpaces(new.policy, new.policies, at: now, in: universe)
    )
  }

  /// What hosts of one pair allow before and behind; everything before, where they have no rules then.
  func spaces(_ pair: FleetUnion.Pair, _ numbers: [HostID]) throws(NotProven) -> (
    ConnectionSpace, ConnectionSpace
  ) {
    let members = numbers.map { hosts.member(ofNew: $0) }
    let after = try space(spaces.new, new.policies.distinct[pair.new], members)
    guard let number = pair.old else { return (try everything(members), after) }
    return (try space(spaces.old, old.policies.distinct[number], members), after)
  }

  /// As packets see it: what a direction only observes passes.
  private func space(
    _ spaces: HostSpaces, _ share: HostPolicy, _ members: [ChangingHosts.Member]
  ) throws(NotProven) -> ConnectionSpace {
    let declared = try spaces.space(
      of: share, at: members.map(\.addresses), carrying: members.map(\.carried))
    var result = try declared.restricted { $0.passage != .forward }
      .union(crossing(members, declared.restricted { $0.passage == .forward }))
    for direction in [Direction.ingress, .egress] where share.modes[direction] != .enforce {
      result = try result.union(
        direction == .ingress
          ? all.ingress.restricted(to: own(members)) : all.egress.restricted(from: own(members)))
    }
    if share.forward != .judge || share.modes.forward != .enforce {
      result = try result.union(crossing(members, all.forward))
    }
    return result
  }

  private func own(_ members: [ChangingHosts.Member]) -> AddressSet {
    AddressSet(members.flatMap { $0.addresses + $0.carried })
  }

  private func everything(_ members: [ChangingHosts.Member]) throws(NotProven) -> ConnectionSpace {
    let own = own(members)
    return try all.ingress.restricted(to: own).union(all.egress.restricted(from: own))
      .union(crossing(members, all.forward))
  }

  /// What of a space goes from one side of a route to the other.
  private func crossing(_ members: [ChangingHosts.Member], _ space: ConnectionSpace) throws(NotProven)
    -> ConnectionSpace
  {
    var result = space.universe.empty
    for area in Set(members.flatMap { $0.areas ?? [] }) {
      result = try result.union(space.restricted(from: area.one, to: area.other))
        .union(space.restricted(from: area.other, to: area.one))
    }
    return result
  }

  /// What passes from end to end where every host allows all that either policy allows there. Those that only the new
  /// policy has stop nothing yet.
  func between(_ before: PolicySpace, _ after: PolicySpace) throws(NotProven) -> ConnectionSpace {
    var sides = try before.sides.union(after.sides)
    var gateways: [Gateway] = []
    var unruled: [Address] = []
    for (number, host) in old.policy.hosts.enumerated() {
      let other = new.policy.host(named: host.name)
      let member = hosts.member(HostID(number), other)
      guard member.hasMoved || member.areas != nil else { continue }
      var own = try space(spaces.old, old.policies[HostID(number)], [member])
      if let other { own = try own.union(space(spaces.new, new.policies[other], [member])) }
      sides = try sides.union(own.restricted { $0.passage != .forward })
      guard let areas = member.areas else { continue }
      gateways.append(
        Gateway(
          addresses: AddressSet(host.addresses), joining: areas,
          forwarded: own.restricted { $0.passage == .forward }))
    }
    for host in new.policy.hosts where old.policy.host(named: host.name) == nil {
      unruled += host.addresses
    }
    let judging = old.policy.managed.union(new.policy.managed.subtracting(AddressSet(unruled)))
    return try sides.endToEnd(judging: judging, through: gateways)
  }
}
