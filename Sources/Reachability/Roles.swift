internal import Addressing
internal import Policy

/// The nodes of a graph: hosts with the same role collapse into one.
///
/// A role is what a policy can tell hosts apart by: the peers they are members of, the modes, which networks their
/// addresses are in, whether they are crown jewels. Destinations need no more than that, as an allowance names peers and never a host. A gateway
/// is a node of its own, because it does not forward what it sends itself.
struct Roles: Sendable {
  /// Hosts in the order of the first of each, then what is outside.
  let nodes: [Node]
  /// For each host of the policy.
  let nodeOfHost: [Int]
  /// A point is an address of a node, as far as the policy tells addresses apart.
  let points: [Point]
  /// For each of the policy's peers: the points of its addresses.
  let members: [BitSet]
  /// For each of the policy's peers: the points of hosts that have a share of what flows say of these peers. A host that is
  /// named has it at every address, a virtual one too; one that carries a virtual address that is named has it there.
  let hostMembers: [BitSet]
  /// For each of the virtual addresses, a point at each node that carries it and each family.
  let virtualPoints: [BitSet]
  /// The points of hosts.
  let managed: BitSet
  let families: [AddressFamily: BitSet]

  struct Point: Sendable {
    let node: Int
    let family: AddressFamily
    /// In which networks it is.
    let networks: BitSet?
    /// Which virtual address it is, at a carrier; `nil`: none.
    let virtual: VirtualID?
  }

  /// For each address set that is asked for, its points.
  let askedMembers: [AddressSet: BitSet]

  /// - Parameters:
  ///   - marking: further sets of hosts that must not be split by a role.
  ///   - asked: address sets that must not be split either, and what they are called.
  init(_ policy: Policy, marking: [[HostID]], asked: [AskedAddresses] = []) {
    let outside = OutsideAddresses(policy, asked: asked.map(\.addresses))
    let roles = HostRoles(policy, outside, marking)
    var nodes: [Node] = []
    var points: [Point] = []
    for hosts in roles.members {
      let start = points.count
      for form in roles.forms(of: hosts[0], policy[hosts[0]]) {
        points.append(
          Point(node: nodes.count, family: form.family, networks: form.networks, virtual: form.virtual))
      }
      nodes.append(Node(hosts: hosts, outside: nil, points: start..<points.count))
    }
    let managedCount = points.count
    for part in outside.parts {
      let name = Self.name(of: part, outside, policy, asked)
      nodes.append(
        Node(
          hosts: [], outside: .outside(part.address, network: name), points: points.count..<points.count + 1))
      points.append(
        Point(node: nodes.count - 1, family: part.family, networks: part.networks, virtual: nil))
    }
    self.nodes = nodes
    self.points = points
    nodeOfHost = roles.roleOfHost
    managed = BitSet(count: points.count, 0..<managedCount)
    families = Dictionary(
      uniqueKeysWithValues: AddressFamily.allCases.map { family in
        (family, BitSet(count: points.count, points.indices.filter { points[$0].family == family }))
      })
    var ofNetworks = Array(repeating: BitSet(count: points.count), count: outside.networks.count)
    for (index, point) in points.enumerated() {
      point.networks?.forEach { ofNetworks[$0].insert(index) }
    }
    askedMembers = Dictionary(
      zip(asked.map(\.addresses), outside.networkOfAsked.map { ofNetworks[$0] }),
      uniquingKeysWith: { first, _ in first })
    var virtualPoints = Array(repeating: BitSet(count: points.count), count: policy.virtuals.count)
    for (index, point) in points.enumerated() {
      if let virtual = point.virtual { virtualPoints[virtual.index].insert(index) }
    }
    self.virtualPoints = virtualPoints
    let virtual = virtualPoints.reduce(BitSet(count: points.count)) { $0.union($1) }
    var members: [BitSet] = []
    var hostMembers: [BitSet] = []
    var seen = Array(repeating: -1, count: nodes.count)
    for (index, peers) in policy.peers.enumerated() {
      var own = BitSet(count: points.count)
      for host in peers.hosts {
        let node = roles.roleOfHost[host.index]
        if seen[node] == index { continue }
        seen[node] = index
        for point in nodes[node].points { own.insert(point) }
      }
      let named = peers.virtuals.reduce(BitSet(count: points.count)) { $0.union(virtualPoints[$1.index]) }
      hostMembers.append(own.union(named))
      own.subtract(virtual)
      own.formUnion(named)
      if let network = outside.networkOfPeers[index] { own.formUnion(ofNetworks[network]) }
      members.append(own)
    }
    self.members = members
    self.hostMembers = hostMembers
  }

  /// What a part is called: by what was asked for, where it is in that, and where a network of the inventory is only a part of
  /// what was asked for, by that, too.
  private static func name(
    of part: OutsideAddresses.Part, _ outside: OutsideAddresses, _ policy: Policy, _ asked: [AskedAddresses]
  ) -> String? {
    let narrowest = narrowestNetwork(of: part, outside, policy)
    let meant = zip(asked, outside.networkOfAsked).filter { part.networks.contains($1) }
      .min { a, b in parts(a.1, outside) < parts(b.1, outside) }
    guard let (meant, _) = meant else { return narrowest?.name }
    guard let narrowest, narrowest.name != meant.name,
      !meant.addresses.subtracting(outside.networks[narrowest.network]).isEmpty
    else { return meant.name }
    return "\(narrowest.name) within \(meant.name)"
  }

  private static func parts(_ network: Int, _ outside: OutsideAddresses) -> Int {
    outside.parts.count { $0.networks.contains(network) }
  }

  /// The smallest network of the inventory that a part is in; its place in the networks of all.
  private static func narrowestNetwork(
    of part: OutsideAddresses.Part, _ outside: OutsideAddresses, _ policy: Policy
  ) -> (name: String, network: Int)? {
    var best: (isEnd: Bool, parts: Int, name: String, network: Int)?
    for (index, peers) in policy.peers.enumerated() {
      guard let network = outside.networkOfPeers[index], part.networks.contains(network) else { continue }
      // A flow's end, such as `api-to-db/from`, is no name that anybody gave.
      let isEnd = peers.name.contains("/") || !peers.hosts.isEmpty
      let candidate = (isEnd, parts(network, outside), peers.name, network)
      guard let known = best else {
        best = candidate
        continue
      }
      if known.isEnd == candidate.0 ? (candidate.1, candidate.2) < (known.parts, known.name) : known.isEnd {
        best = candidate
      }
    }
    return best.map { ($0.name, $0.network) }
  }
}

/// Hosts by role.
private struct HostRoles {
  /// In the order of the first host of each.
  let members: [[HostID]]
  let roleOfHost: [Int]
  private let covered: [Address: BitSet]
  private let virtuals: [Virtual]

  /// What a policy sees of an address.
  struct Form: Hashable {
    let family: AddressFamily
    let networks: BitSet?
    var virtual: VirtualID?
  }

  init(_ policy: Policy, _ outside: OutsideAddresses, _ marking: [[HostID]]) {
    covered = outside.covered
    virtuals = policy.virtuals
    var roles = Partition(Self.first(policy, outside.covered))
    for peers in policy.peers { roles.split(by: peers.hosts) }
    for virtual in policy.virtuals { roles.split(by: virtual.carriers) }
    for hosts in marking { roles.split(by: hosts) }
    var number = Array(repeating: -1, count: roles.count)
    var members: [[HostID]] = []
    var roleOfHost: [Int] = []
    roleOfHost.reserveCapacity(policy.hosts.count)
    for (index, role) in roles.partOf.enumerated() {
      if number[role] < 0 {
        number[role] = members.count
        members.append([])
      }
      members[number[role]].append(HostID(index))
      roleOfHost.append(number[role])
    }
    self.members = members
    self.roleOfHost = roleOfHost
  }

  func forms(of id: HostID, _ host: Host) -> [Form] {
    var result: [Form] = []
    func add(_ address: Address, _ virtual: VirtualID?) {
      let form = Form(family: address.family, networks: covered[address], virtual: virtual)
      if !result.contains(form) { result.append(form) }
    }
    for address in host.addresses { add(address, nil) }
    for (index, virtual) in virtuals.enumerated() where virtual.carriers.contains(id) {
      for address in virtual.addresses { add(address, VirtualID(index)) }
    }
    return result
  }

  /// Parts by what hosts are themselves.
  private static func first(_ policy: Policy, _ covered: [Address: BitSet]) -> [Int] {
    struct Key: Hashable {
      let modes: Modes
      let gateway: Int
      let isCrown: Bool
      let forms: Set<Form>
    }
    var known: [Key: Int] = [:]
    let jewels = Set(policy.zones.filter(\.crown).map(\.name))
    // Most hosts differ in nothing but their families: four numbers of modes, four of families, jewels or not.
    var usual = Array(repeating: -1, count: 32)
    var count = 0
    return policy.hosts.enumerated().map { index, host in
      var isGateway = false
      if case .gateway = host.forwarding { isGateway = true }
      let isCrown = host.crown || !jewels.isEmpty && host.zone.map(jewels.contains) ?? false
      if covered.isEmpty, !isGateway {
        let modes = (host.modes.ingress == .enforce ? 0 : 1) + (host.modes.egress == .enforce ? 0 : 2)
        let families = host.addresses.reduce(0) { $0 | ($1.family == .ipv4 ? 1 : 2) }
        let key = (isCrown ? 16 : 0) + modes * 4 + families
        if usual[key] < 0 {
          usual[key] = count
          count += 1
        }
        return usual[key]
      }
      let key = Key(
        modes: host.modes, gateway: isGateway ? index : -1, isCrown: isCrown,
        forms: Set(host.addresses.map { Form(family: $0.family, networks: covered[$0]) }))
      if let part = known[key] { return part }
      known[key] = count
      count += 1
      return count - 1
    }
  }
}
