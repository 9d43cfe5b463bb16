internal import Addressing
public import ConnectionSpace
public import Policy

/// How hosts that only observe are read.
public enum Reading: Hashable, Sendable {
  /// As the policy says, whatever the modes are.
  case declared
  /// As packets see it: what is only observed passes.
  case effective
}

/// The connections that a policy allows.
public struct PolicySpace: Sendable {
  /// What each host allows: ingress where it is the destination, egress where it is the source, forward
  /// where it is a gateway. What a host may send itself may be in it or not: see ``loopback``.
  public let sides: ConnectionSpace
  /// What passes from end to end, as ``Passage/whole``: at both ends that are managed, and at the declared
  /// gateways whose routes it crosses. Connections between unmanaged ends are not in it.
  public let whole: ConnectionSpace
  /// What a host sends itself, in every section. It never meets the rules of a link, so whether the other
  /// spaces hold it means nothing.
  public let loopback: ConnectionSpace
  /// The hosts, in the order of ``Policy/hosts``.
  public let endpoints: Endpoints

  /// - Parameters:
  ///   - policies: of the same policy.
  ///   - now: the moment at which flows with an end are judged.
  /// - Throws: ``NotProven`` when the universe's budget is spent.
  public init(
    _ policy: Policy, _ policies: HostPolicies, at now: Timestamp, in universe: Universe,
    reading: Reading = .declared
  ) throws(NotProven) {
    let spaces = try HostSpaces(policy, policies, at: now, in: universe)
    endpoints = Endpoints(policy.hosts.map(\.addresses))
    loopback = try universe.connections(within: endpoints)
    var builder = SpaceBuilder(universe)
    var hosts = [[[Address]]](repeating: [], count: policies.distinct.count)
    for (index, host) in policy.hosts.enumerated() {
      hosts[policies.assignment[index]].append(host.addresses)
    }
    for (index, host) in policies.distinct.enumerated() {
      try spaces.add(host, at: hosts[index], to: &builder)
      if reading == .effective { try builder.addObserved(host.modes, hosts[index], universe) }
    }
    let sides = try builder.space()
    self.sides = sides
    let managed = AddressSet(policy.hosts.flatMap(\.addresses))
    var whole = try sides.betweenEnds(managed)
    for (index, host) in policy.hosts.enumerated() {
      guard case .gateway(let routes) = host.forwarding else { continue }
      if reading == .effective, host.modes.forward == .observe { continue }
      let own = AddressSet(host.addresses)
      let forwarded = try spaces.space(of: policies[HostID(index)], at: [host.addresses])
        .moved(from: .forward, to: .whole)
      for route in routes {
        let one = policy[route.one].addresses.subtracting(own)
        let other = policy[route.other].addresses.subtracting(own)
        for (from, to) in [(one, other), (other, one)] {
          let stopped = try whole.restricted(from: from, to: to).subtracting(forwarded)
          whole = try whole.subtracting(stopped)
        }
      }
    }
    self.whole = whole
  }
}

extension ConnectionSpace {
  /// What both ends that are managed allow.
  fileprivate func betweenEnds(_ managed: AddressSet) throws(NotProven) -> ConnectionSpace {
    let ingress = moved(from: .ingress, to: .whole)
    let egress = moved(from: .egress, to: .whole)
    let others = AddressSet.all.subtracting(managed)
    let into = try ingress.restricted(from: others)
    let out = try egress.restricted(to: others)
    return try ingress.intersection(egress).union(into).union(out)
  }
}

extension SpaceBuilder {
  /// Everything, where hosts only observe.
  fileprivate mutating func addObserved(_ modes: Modes, _ hosts: [[Address]], _ universe: Universe)
    throws(NotProven)
  {
    guard modes.ingress == .observe || modes.egress == .observe else { return }
    let own = try universe.intern(AddressSet(hosts.joined()))
    let all = try universe.intern(AddressSet.all)
    for number in UInt8.min...UInt8.max {
      let ipProtocol = IPProtocol(rawValue: number)
      let kinds = try universe.intern(.any, of: ipProtocol)
      if modes.ingress == .observe { add(.ingress, ipProtocol, from: all, to: own, kinds) }
      if modes.egress == .observe { add(.egress, ipProtocol, from: own, to: all, kinds) }
    }
  }
}
