public import Addressing
public import ConnectionSpace
public import Policy

/// How directions that are not enforced are read.
public enum Reading: Hashable, Sendable {
  /// As the policy says: what is only observed counts as denied, and what is left alone passes.
  case declared
  /// As packets see it: what is only observed passes, too.
  case effective
}

/// The connections that a policy allows.
public struct PolicySpace: Sendable {
  /// What each host allows: ingress where it is the destination, egress where it is the source, forward
  /// where it is a gateway. What a host may send itself may be in it or not: see ``loopback``.
  public let sides: ConnectionSpace
  /// What passes from end to end, as ``ConnectionSpace/Passage/whole``: at both ends that are managed (with a virtual
  /// address at one of its carriers), and at one of the declared gateways whose routes it crosses, if there are any. Connections between unmanaged ends are in it where a gateway forwards them.
  public let whole: ConnectionSpace
  /// What a host sends itself, in every section. It never meets the rules of a link, so whether the other
  /// spaces hold it means nothing.
  public let loopback: ConnectionSpace
  /// What each declared gateway forwards, by name, as ``ConnectionSpace/Passage/whole``, whichever routes lead there.
  public let forwarded: [String: ConnectionSpace]
  /// The hosts, in the order of ``Policy/Policy/hosts``.
  public let endpoints: Endpoints

  /// - Parameters:
  ///   - policy: what hosts and flows are declared in.
  ///   - policies: of the same policy.
  ///   - now: the moment at which flows with an end are judged.
  ///   - universe: in which the space is made.
  ///   - reading: how directions that are not enforced are read.
  ///   - joined: areas that are known to be joined by hosts, by name, beside those of the policy's routes: what the host
  ///     does not forward does not pass there, and everything does where it does not filter what passes through.
  /// - Throws: ``ConnectionSpace/NotProven`` when the universe's budget is spent.
  public init(
    _ policy: Policy, _ policies: HostPolicies, at now: Timestamp, in universe: Universe,
    reading: Reading = .declared, joined: [String: [AreaPair]] = [:]
  ) throws(NotProven) {
    let policies = policies.unlogged
    let spaces = try HostSpaces(policy, policies, at: now, in: universe)
    endpoints = Endpoints(policy.hosts.map(\.addresses))
    loopback = try universe.connections(within: endpoints)
    var builder = SpaceBuilder(universe)
    var hosts = [[[Address]]](repeating: [], count: policies.distinct.count)
    var virtual = [[[Address]]](repeating: [], count: policies.distinct.count)
    let carried = policy.carried
    for (index, host) in policy.hosts.enumerated() {
      hosts[policies.assignment[index]].append(host.addresses)
      virtual[policies.assignment[index]].append(carried[index])
    }
    for (index, host) in policies.distinct.enumerated() {
      try spaces.add(host, at: hosts[index], carrying: virtual[index], to: &builder)
      try builder.addUnjudged(host.modes, reading, hosts[index] + virtual[index])
    }
    sides = try builder.space()
    var gateways: [Gateway] = []
    var forwarded: [String: ConnectionSpace] = [:]
    for (index, host) in policy.hosts.enumerated() {
      let declared = policy.areas(of: host)
      guard declared != nil || joined[host.name] != nil else { continue }
      let passesAll =
        !host.forwarding.filtersPassage || reading == .effective && host.modes.forward == .observe
      let own =
        passesAll
        ? try universe.everything(.forward)
        : try spaces.space(of: policies[HostID(index)], at: [host.addresses])
      gateways.append(
        Gateway(
          addresses: AddressSet(host.addresses), joining: (declared ?? []) + (joined[host.name] ?? []),
          forwarded: own))
      if declared != nil { forwarded[host.name] = own.moved(from: .forward, to: .whole) }
    }
    self.forwarded = forwarded
    whole = try sides.endToEnd(judging: policy.managed, through: gateways)
  }
}

extension Gateway {
  /// - Parameters:
  ///   - addresses: its own.
  ///   - areas: those between which everything may cross it; `nil`: not known.
  ///   - forwarded: what it lets through, as ``ConnectionSpace/Passage/forward``.
  public init(addresses: AddressSet, joining areas: [AreaPair]?, forwarded: ConnectionSpace) {
    self.init(
      addresses: addresses, routes: areas?.map { (one: $0.one, other: $0.other) }, forwarded: forwarded)
  }
}

extension SpaceBuilder {
  /// Everything, where hosts leave a direction alone, or only observe it.
  fileprivate mutating func addUnjudged(_ modes: Modes, _ reading: Reading, _ hosts: [[Address]])
    throws(NotProven)
  {
    func passes(_ mode: Mode) -> Bool { mode == .leave || reading == .effective && mode == .observe }
    let own = AddressSet(hosts.joined())
    if passes(modes.ingress) { try addEverything(.ingress, to: own) }
    if passes(modes.egress) { try addEverything(.egress, from: own) }
  }
}
