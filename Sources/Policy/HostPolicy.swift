internal import Addressing

/// One host's share of a flow.
public enum Allowance: Hashable, Sendable {
  /// The host is a destination: what the flow's sources may send it, at any of its addresses or at virtual ones alone.
  case ingress(FlowID, from: PeersID, at: PeersID? = nil)
  /// The host is a source: what it may send to the flow's destinations, from any of its addresses or from virtual ones alone.
  case egress(FlowID, to: PeersID, as: PeersID? = nil)
  /// The host is a gateway on the way.
  case forward(FlowID, from: PeersID, to: PeersID)

  public var flow: FlowID {
    switch self {
    case .ingress(let flow, _, _), .egress(let flow, _, _), .forward(let flow, _, _): flow
    }
  }

  /// Who is at the other end, or at both ends of what is forwarded or has a virtual address; the source first.
  public var peers: [PeersID] {
    switch self {
    case .ingress(_, let from, let at): [from] + (at.map { [$0] } ?? [])
    case .egress(_, let to, let own): (own.map { [$0] } ?? []) + [to]
    case .forward(_, let from, let to): [from, to]
    }
  }

  /// The virtual addresses that the host's end has to have; `nil`: any address.
  public var virtual: PeersID? {
    switch self {
    case .ingress(_, _, let own), .egress(_, _, let own): own
    case .forward: nil
    }
  }

  public var direction: Direction {
    switch self {
    case .ingress: .ingress
    case .egress: .egress
    case .forward: .forward
    }
  }
}

/// How a host treats packets that pass through it.
public enum ForwardPolicy: Hashable, Sendable {
  /// No `forward` chain.
  case leave
  /// A `forward` chain that accepts what the allowances say; nothing when there are none.
  case judge
  /// A `forward` chain that judges what containers publish by the allowances of ingress, in the mode of forward.
  case containers(Containers)
}

/// Where copies of some packets that nothing allows go to, and whose they are.
public struct PacketLog: Hashable, Sendable {
  /// The netlink group (NFLOG).
  public let group: UInt16
  /// Stands in the prefix of each copy: whoever reads those of many hosts in one place knows whose they are.
  public let host: String
}

/// Everything a host's ruleset depends on. Hosts with equal policies share one ruleset, so the host's own addresses are not in
/// here, but for virtual ones that flows name, and its name only where packets are logged under it.
public struct HostPolicy: Hashable, Sendable {
  public let modes: Modes
  public let deny: DenyAction
  public let forward: ForwardPolicy
  public let dhcp: Bool
  /// Whether some flow lets in sources that are, or in a network may be, the host's own addresses.
  public let mayNameItself: Bool
  /// By flow, then direction.
  public let allowances: [Allowance]
  /// Those that are on the host, ascending.
  public let tripwires: [TripwireID]
  /// `nil`: no packets are copied.
  public let log: PacketLog?

  public init(
    modes: Modes, deny: DenyAction, forward: ForwardPolicy, dhcp: Bool, mayNameItself: Bool,
    allowances: [Allowance], tripwires: [TripwireID] = [], log: PacketLog? = nil
  ) {
    self.tripwires = tripwires
    self.log = log
    self.modes = modes
    self.deny = deny
    self.forward = forward
    self.dhcp = dhcp
    self.mayNameItself = mayNameItself
    self.allowances = allowances
  }

  /// The same policy with every direction enforced.
  public var enforced: Self { with(modes: Modes(.enforce), log: log) }

  /// The same policy, of which nobody gets copies of packets.
  fileprivate var unlogged: Self { with(modes: modes, log: nil) }

  private func with(modes: Modes, log: PacketLog?) -> Self {
    Self(
      modes: modes, deny: deny, forward: forward, dhcp: dhcp, mayNameItself: mayNameItself,
      allowances: allowances, tripwires: tripwires, log: log)
  }
}

/// The policies of all hosts, each distinct one once.
public struct HostPolicies: Sendable {
  /// The policy's peers, and behind them the parts of peers that gateways see.
  public let peers: [Peers]
  /// In the order of the first host that has each.
  public let distinct: [HostPolicy]
  /// For each host, in the order of ``Policy/hosts``, its index in ``distinct``.
  public let assignment: [Int]

  package init(peers: [Peers], distinct: [HostPolicy], assignment: [Int]) {
    self.peers = peers
    self.distinct = distinct
    self.assignment = assignment
  }

  /// The policy of one host.
  public subscript(host: HostID) -> HostPolicy { distinct[assignment[host.index]] }
}

extension HostPolicies {
  /// Turns flows into each host's share, flow by flow and group by group: the cost grows with hosts
  /// times the flows that touch them, never with pairs of hosts.
  public init(_ policy: Policy) {
    var shares = [[Allowance]](repeating: [], count: policy.hosts.count)
    var derived = DerivedPeers(policy)
    let gateways = policy.hosts.indices.compactMap { index -> (Int, [Route])? in
      if case .gateway(let routes) = policy.hosts[index].forwarding { (index, routes) } else { nil }
    }
    var mayNameItself = [Bool](repeating: false, count: policy.hosts.count)
    for (index, flow) in policy.flows.enumerated() {
      let id = FlowID(index)
      let hasReplies = flow.services.contains { policy[$0].replies != nil }
      let isOfLink = flow.services.contains { policy[$0].isOfLink }
      // Of several parts some may have an end in common.
      func share(_ allowance: Allowance, with host: HostID) {
        if flow.parts.count == 1 || !shares[host.index].contains(allowance) {
          shares[host.index].append(allowance)
        }
      }
      for part in flow.parts {
        let from = policy[part.from]
        let to = policy[part.to]
        let carriers = (from: policy.carriers(of: from), to: policy.carriers(of: to))
        let receivers = carriers.to.isEmpty ? to.hosts : (to.hosts + carriers.to).sorted()
        for host in from.members(and: carriers.from, among: receivers) {
          mayNameItself[host.index] = true
        }
        if hasReplies { for host in to.members(among: from.hosts) { mayNameItself[host.index] = true } }
        // A host's own link-local address is among those that a group's members speak from.
        if isOfLink {
          if !from.addresses.isEmpty(.ipv6) { for host in to.hosts { mayNameItself[host.index] = true } }
          if hasReplies, !to.addresses.isEmpty(.ipv6) {
            for host in from.hosts { mayNameItself[host.index] = true }
          }
        }
        for host in to.hosts where !from.isOnly(host) { share(.ingress(id, from: part.from), with: host) }
        // Whoever is named himself has any address.
        for virtual in to.virtuals.map({ policy[$0] }) {
          for host in virtual.carriers where !from.isOnly(host) && !to.hosts.contains(host) {
            share(.ingress(id, from: part.from, at: virtual.peers), with: host)
          }
        }
        for host in from.hosts where !to.isOnly(host) { share(.egress(id, to: part.to), with: host) }
        for virtual in from.virtuals.map({ policy[$0] }) {
          for host in virtual.carriers where !to.isOnly(host) && !from.hosts.contains(host) {
            share(.egress(id, to: part.to, as: virtual.peers), with: host)
          }
        }
        for (host, routes) in gateways {
          for route in routes {
            for (near, far) in [(route.one, route.other), (route.other, route.one)] {
              guard let source = derived.intersection(part.from, near, of: flow, end: "from"),
                let destination = derived.intersection(part.to, far, of: flow, end: "to")
              else { continue }
              let allowance = Allowance.forward(id, from: source, to: destination)
              let seen = derived.peers[source.index]
              if !seen.members(and: policy.carriers(of: seen), among: [HostID(host)]).isEmpty {
                mayNameItself[host] = true
              }
              if !shares[host].contains(allowance) { shares[host].append(allowance) }
            }
          }
        }
      }
    }

    var tripwires = [[TripwireID]](repeating: [], count: policy.hosts.count)
    for (index, tripwire) in policy.tripwires.enumerated() {
      for host in policy[tripwire.on].hosts { tripwires[host.index].append(TripwireID(index)) }
    }

    let hosts = policy.hosts.enumerated().lazy.map { index, host in
      HostPolicy(
        modes: host.modes, deny: host.deny, forward: ForwardPolicy(host.forwarding),
        dhcp: host.dhcp, mayNameItself: mayNameItself[index], allowances: shares[index],
        tripwires: tripwires[index], log: policy.logGroup.map { PacketLog(group: $0, host: host.name) })
    }
    self.init(peers: derived.peers, hosts)
  }

  /// The same without what says where copies of packets go to: no packet passes for that, and more hosts have equal policies.
  public var unlogged: Self {
    distinct.contains { $0.log != nil }
      ? Self(peers: peers, assignment.lazy.map { distinct[$0].unlogged }) : self
  }

  /// - Parameter hosts: their policies, in the order of ``Policy/hosts``.
  private init(peers: [Peers], _ hosts: some Collection<HostPolicy>) {
    var distinct: [HostPolicy] = []
    var indices: [HostPolicy: Int] = [:]
    var assignment: [Int] = []
    assignment.reserveCapacity(hosts.count)
    for share in hosts {
      if let known = indices[share] {
        assignment.append(known)
      } else {
        indices[share] = distinct.count
        assignment.append(distinct.count)
        distinct.append(share)
      }
    }
    self.init(peers: peers, distinct: distinct, assignment: assignment)
  }
}

extension ForwardPolicy {
  fileprivate init(_ forwarding: Forwarding) {
    switch forwarding {
    case .leave: self = .leave
    case .deny, .gateway: self = .judge
    case .containers(let containers): self = .containers(containers)
    }
  }
}

extension Peers {
  /// The hosts that one of these addresses may belong to. Of a network nobody knows: a machine
  /// has addresses that no inventory names, such as those of its bridges.
  ///
  /// - Parameters:
  ///   - carriers: of virtual addresses among these.
  ///   - others: ascending.
  fileprivate func members(and carriers: [HostID] = [], among others: [HostID]) -> [HostID] {
    if !networks.isEmpty { return others }
    if !carriers.isEmpty {
      let mine = Set(hosts + carriers)
      return others.filter(mine.contains)
    }
    var (mine, result) = (0, [HostID]())
    for other in others {
      while mine < hosts.count, hosts[mine] < other { mine += 1 }
      if mine < hosts.count, hosts[mine] == other { result.append(other) }
    }
    return result
  }
}

/// The parts of a flow's ends that lie on one side of a route, each made once.
private struct DerivedPeers {
  var peers: [Peers]
  private let policy: Policy
  private var known: [[PeersID]: PeersID?] = [:]
  private var names: Set<String>

  init(_ policy: Policy) {
    self.policy = policy
    peers = policy.peers
    names = Set(policy.peers.map(\.name))
  }

  /// The common part, or `nil` when there is none; the whole when one contains the other.
  mutating func intersection(_ a: PeersID, _ b: PeersID, of flow: Flow, end: String) -> PeersID? {
    if a == b { return a }
    if let result = known[[a, b]] { return result }
    let (whole, side) = (peers[a.index], peers[b.index])
    let addresses = whole.addresses.intersection(policy.area(b))
    let result: PeersID?
    if addresses.isEmpty {
      result = nil
    } else if addresses == whole.addresses {
      result = a
    } else if addresses == side.addresses {
      result = b
    } else {
      // Only what both sides name as hosts stays a set of single addresses.
      let hosts = whole.hosts.filter { side.hosts.contains($0) }
      let virtuals = whole.virtuals.filter { AddressSet(policy[$0].addresses).isSubset(of: addresses) }
      let single = AddressSet(
        hosts.flatMap { policy[$0].addresses } + virtuals.flatMap { policy[$0].addresses })
      result = PeersID(peers.count)
      peers.append(
        Peers(
          name: unusedName("\(flow.name)/\(end).\(side.name)"), hosts: hosts,
          networks: addresses.subtracting(single), addresses: addresses, virtuals: virtuals))
    }
    known[[a, b]] = .some(result)
    return result
  }

  private mutating func unusedName(_ wish: String) -> String {
    var name = wish
    var number = 2
    while !names.insert(name).inserted {
      name = "\(wish).\(number)"
      number += 1
    }
    return name
  }
}
