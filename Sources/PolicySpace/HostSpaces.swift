public import Addressing
public import ConnectionSpace
public import Policy

/// Turns host policies into spaces. Peers and services are looked at once, however many hosts name them.
public struct HostSpaces: Sendable {
  private let policy: Policy
  private let now: Timestamp
  let universe: Universe
  /// By peers.
  private let addresses: [AddressSetID]
  /// By peers: without the sources that no host takes from a link.
  private let sources: [AddressSetID]
  private let sourceSets: [AddressSet]
  private let services: [InternedService]
  /// By peers: those from which members of a link speak, where the peers have IPv6; `nil` where they have not.
  private let near: [AddressSetID?]

  /// - Parameters:
  ///   - policy: what hosts and flows are declared in.
  ///   - policies: of the same policy; its peers include what gateways see of them.
  ///   - now: the moment at which flows with an end are judged.
  ///   - universe: in which the spaces are made.
  /// - Throws: ``ConnectionSpace/NotProven`` when the universe's budget is spent.
  public init(_ policy: Policy, _ policies: HostPolicies, at now: Timestamp, in universe: Universe)
    throws(NotProven)
  {
    self.policy = policy
    self.now = now
    self.universe = universe
    var addresses: [AddressSetID] = []
    var sources: [AddressSetID] = []
    var sourceSets: [AddressSet] = []
    for peers in policies.peers {
      let believed = peers.addresses.subtracting(.ipv4InIPv6)
      addresses.append(try universe.intern(peers.addresses))
      sources.append(try universe.intern(believed))
      sourceSets.append(believed)
    }
    self.addresses = addresses
    self.sources = sources
    self.sourceSets = sourceSets
    let linkLocal = try universe.intern(.linkLocal)
    near = policies.peers.map { $0.addresses.isEmpty(.ipv6) ? nil : linkLocal }
    var services: [InternedService] = []
    for service in policy.services { services.append(try InternedService(service, universe)) }
    self.services = services
  }

  /// What a host policy allows at hosts that have it.
  ///
  /// What is open on every host is not part of it (``Policy/Judgement/alwaysOpen(_:)``), and what a host may send
  /// itself means nothing. A connection is part of it when the policy allows it from some source port.
  ///
  /// - Parameters:
  ///   - host: what is allowed.
  ///   - hosts: the addresses of each host that has it.
  ///   - carried: the virtual addresses that each of them may carry, in the same order; empty: none carries any.
  /// - Throws: ``ConnectionSpace/NotProven`` when the universe's budget is spent.
  public func space(of host: HostPolicy, at hosts: [[Address]], carrying carried: [[Address]] = [])
    throws(NotProven) -> ConnectionSpace
  {
    var builder = SpaceBuilder(universe)
    try add(host, at: hosts, carrying: carried, to: &builder)
    return try builder.space()
  }

  func add(
    _ host: HostPolicy, at hosts: [[Address]], carrying carried: [[Address]], to builder: inout SpaceBuilder
  ) throws(NotProven) {
    let all = try universe.intern(AddressSet(hosts.joined()))
    // Rules of flows that name a host do not ask which of its addresses is meant, and a virtual one is among them.
    let out = try universe.intern(AddressSet(hosts.joined()).union(AddressSet(carried.joined())))
    var carriers: [(own: AddressSet, virtual: AddressSetID)] = []
    for (own, virtual) in zip(hosts, carried) where !virtual.isEmpty {
      carriers.append((AddressSet(own), try universe.intern(AddressSet(virtual))))
    }
    // What a host gets from its own address at a virtual one never came over a link.
    func others(than own: AddressSet, _ peers: PeersID) throws(NotProven) -> AddressSetID {
      try universe.intern(sourceSets[peers.index].subtracting(own))
    }
    for allowance in host.allowances {
      let flow = policy[allowance.flow]
      if let until = flow.until, now >= until { continue }
      for service in flow.services.map({ services[$0.index] }) {
        switch allowance {
        case .ingress(_, let from, let virtual?):
          for own in hosts {
            service.addRequests(
              .ingress, from: try others(than: AddressSet(own), from), to: addresses[virtual.index], &builder)
          }
        case .egress(_, let to, let own?):
          service.addRequests(.egress, from: addresses[own.index], to: addresses[to.index], &builder)
        case .ingress(_, let from, nil):
          service.addRequests(.ingress, from: sources[from.index], to: all, &builder)
          for (own, virtual) in carriers {
            service.addRequests(.ingress, from: try others(than: own, from), to: virtual, &builder)
          }
          service.addReplies(.egress, from: out, to: addresses[from.index], &builder)
          if service.isOfLink, let near = near[from.index] {
            for own in [all] + carriers.map(\.virtual) {
              service.addRequests(.ingress, from: near, to: own, &builder)
            }
            service.addReplies(.egress, from: out, to: near, &builder)
            if let groups = service.groups { service.addRequests(.ingress, from: near, to: groups, &builder) }
          }
          if let groups = service.groups {
            // A host does not believe its own address on a link, not even in what goes to a group.
            for own in hosts {
              service.addRequests(
                .ingress, from: try others(than: AddressSet(own), from), to: groups, &builder)
            }
          }
        case .egress(_, let to, nil):
          service.addRequests(.egress, from: out, to: addresses[to.index], &builder)
          if let groups = service.groups { service.addRequests(.egress, from: out, to: groups, &builder) }
          if service.speaksToNeighbours, let near = near[to.index] {
            service.addRequests(.egress, from: out, to: near, &builder)
          }
          service.addReplies(.ingress, from: sources[to.index], to: all, &builder)
          for (own, virtual) in carriers {
            service.addReplies(.ingress, from: try others(than: own, to), to: virtual, &builder)
          }
          if service.isOfLink, let near = near[to.index] {
            for own in [all] + carriers.map(\.virtual) {
              service.addReplies(.ingress, from: near, to: own, &builder)
            }
          }
        case .forward(_, let from, let to):
          for own in hosts {
            service.addRequests(
              .forward, from: try others(than: AddressSet(own), from), to: addresses[to.index], &builder)
          }
        }
      }
    }
  }
}

/// A service in the terms of a universe.
private struct InternedService: Sendable {
  private let requests: [Term]
  private let replies: [Term]
  /// `nil` for a unicast service.
  let groups: AddressSetID?
  /// See ``Policy/Service/isOfLink``.
  let isOfLink: Bool
  /// See ``Policy/Service/speaksToNeighbours``.
  let speaksToNeighbours: Bool

  private struct Term: Sendable {
    let ipProtocol: IPProtocol
    let kinds: KindsID
    let families: [AddressFamily]
  }

  init(_ service: Service, _ universe: Universe) throws(NotProven) {
    var requests: [Term] = []
    var replies: [Term] = []
    for term in service.terms {
      let kinds: Kinds =
        switch term.match {
        case .any: .any
        case .ports(let ports): .ports(ports)
        case .types(let types): .types(types)
        }
      requests.append(
        Term(
          ipProtocol: term.ipProtocol, kinds: try universe.intern(kinds, of: term.ipProtocol),
          families: term.families))
      if let ports = service.replies, case .ports = term.match {
        replies.append(
          Term(
            ipProtocol: term.ipProtocol, kinds: try universe.intern(.ports(ports), of: term.ipProtocol),
            families: term.families))
      }
    }
    self.requests = requests
    self.replies = replies
    isOfLink = service.isOfLink
    speaksToNeighbours = service.speaksToNeighbours
    groups = service.multicast.isEmpty ? nil : try universe.intern(service.multicast)
  }

  func addRequests(
    _ passage: Passage, from sources: AddressSetID, to destinations: AddressSetID,
    _ builder: inout SpaceBuilder
  ) {
    for term in requests { Self.add(term, passage, sources, destinations, &builder) }
  }

  /// Answers to multicast requests: new connections from the service's ports to those where answers arrive.
  func addReplies(
    _ passage: Passage, from sources: AddressSetID, to destinations: AddressSetID,
    _ builder: inout SpaceBuilder
  ) {
    for term in replies { Self.add(term, passage, sources, destinations, &builder) }
  }

  private static func add(
    _ term: Term, _ passage: Passage, _ sources: AddressSetID, _ destinations: AddressSetID,
    _ builder: inout SpaceBuilder
  ) {
    builder.add(
      passage, term.ipProtocol, from: sources, to: destinations, term.kinds, families: term.families)
  }
}
