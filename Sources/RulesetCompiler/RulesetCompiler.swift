internal import Addressing
package import Nftables
package import Policy
internal import RulesetShape

/// Compiles policies of hosts to tables.
///
/// The shape is the same on every host, so that an engineer who knows one knows all: base chains
/// with the skeleton, one lookup that dispatches by protocol and port to the chain of a service, in
/// it one rule for each flow and family, and a last chain that records and denies.
package struct RulesetCompiler: Sendable {
  private let policy: Policy
  private let sets: PeerSets
  private let skeletons: [SidePolicy: Skeleton]
  private let tripwires: [CompiledTripwire]
  /// What each share of a flow opens, made once however many hosts have it.
  private let openings: [Allowance: [Opening]]

  /// - Parameters:
  ///   - policies: of the same policy; its peers include what gateways see of them.
  ///   - other: shares with this one what depends on no policy, so that tables of both are compared by a glance there.
  package init(_ policy: Policy, _ policies: HostPolicies, sharing other: Self? = nil) {
    let sets = PeerSets(policies.peers)
    let shares = Self.shares(of: policies)
    self.init(policy, policies, sets, Self.openings(of: shares[...], in: policy, sets), sharing: other)
  }

  /// A compiler of what two policies allow together.
  ///
  /// - Parameter other: what tripwires are declared in.
  package init(_ policy: Policy, _ policies: HostPolicies, tripwiresOf other: Policy) {
    let sets = PeerSets(policies.peers)
    let shares = Self.shares(of: policies)
    self.init(
      policy, policies, sets, Self.openings(of: shares[...], in: policy, sets), sharing: nil, tripwires: other
    )
  }

  /// The same on two cores.
  package static func parallel(_ policy: Policy, _ policies: HostPolicies) async -> Self {
    let sets = PeerSets(policies.peers)
    let shares = shares(of: policies)
    let half = shares.count / 2
    async let front = openings(of: shares[..<half], in: policy, sets)
    async let back = openings(of: shares[half...], in: policy, sets)
    let openings = await front.merging(await back) { first, _ in first }
    return Self(policy, policies, sets, openings, sharing: nil)
  }

  private init(
    _ policy: Policy, _ policies: HostPolicies, _ sets: PeerSets, _ openings: [Allowance: [Opening]],
    sharing other: Self?, tripwires owner: Policy? = nil
  ) {
    self.policy = policy
    self.sets = sets
    self.openings = openings
    let owner = owner ?? policy
    tripwires = owner.tripwires.map { CompiledTripwire($0, in: owner) }
    var sides: Set<SidePolicy> = []
    for host in policies.distinct { sides.formUnion(Self.sides(host, tripwires)) }
    skeletons = Dictionary(
      uniqueKeysWithValues: sides.map { ($0, other?.skeletons[$0] ?? Skeleton($0)) })
  }

  /// Each share of a flow that hosts have, once.
  private static func shares(of policies: HostPolicies) -> [Allowance] {
    var known: Set<Allowance> = []
    return policies.distinct.flatMap { $0.allowances.filter { known.insert($0).inserted } }
  }

  private static func openings(
    of shares: ArraySlice<Allowance>, in policy: Policy, _ sets: PeerSets
  ) -> [Allowance: [Opening]] {
    Dictionary(uniqueKeysWithValues: shares.map { ($0, Opening.all(of: $0, in: policy, sets)) })
  }

  /// Compiles one host policy. The result depends on nothing but the arguments: hosts with equal
  /// policies get equal tables.
  package func compile(_ host: HostPolicy) -> Table {
    var builder = TableBuilder(sets: sets)
    // What is opened in a direction that is left alone has no rule: not by allowances, since answers to what goes to a group
    // have the other direction.
    let openings = host.allowances.flatMap { self.openings[$0] ?? Opening.all(of: $0, in: policy, sets) }
      .filter { host.modes[$0.direction] != .leave }
    var sides: [Direction: (openings: [Opening], dispatch: Dispatch)] = [:]
    let wires = host.tripwires.map { tripwires[$0.index] }
    for side in Self.sides(host, tripwires) {
      let skeleton = skeletons[side] ?? Skeleton(side)
      if case .containers(let containers) = host.forward, side.direction == .forward,
        let ingress = sides[.ingress]
      {
        let ends = ContainerChains.ends(of: openings, host, containers, side, &builder)
        ContainerChains(
          skeleton: skeleton, containers: containers, host: host, ingress: ingress,
          egress: sides[.egress]?.dispatch
        ).add(ends, to: &builder)
      } else {
        let expiries = Expiry.all(
          of: openings, dhcp: host.dhcp, seenBy: side, modes: host.modes, peers: sets)
        let own = openings.filter { $0.direction == side.direction }
        let dispatch = Dispatch(own, skeleton, &builder)
        let ends = expiries.flatMap { builder.rules(for: $0, side) }
        builder.add(skeleton.baseChain(host, own, expiries: ends, dispatch))
        for set in skeleton.opened.sets { builder.add(set) }
        sides[side.direction] = (own, dispatch)
      }
      for chain in skeleton.chains { builder.add(chain) }
      builder.add(skeleton.deny.records.chain(of: side, log: host.log))
      for set in skeleton.deny.records.sets { builder.add(set) }
      if side.hasTripwires { TripwireChain(side, wires).add(to: &builder) }
    }
    if !wires.isEmpty {
      let isEnforced = Self.cutFamilies(host, tripwires)?.isEmpty == false
      for set in TripwireChain.sets(wires, cuts: isEnforced) { builder.add(set) }
    }
    builder.add(QuarantineChain.chain)
    for set in QuarantineChain.sets { builder.add(set) }
    return builder.table(name: .sekisho)
  }

  /// The sides that a host's table has chains for: none of a direction that is left alone.
  private static func sides(
    _ host: HostPolicy, _ tripwires: [CompiledTripwire]
  ) -> [SidePolicy] {
    var directions: [Direction] = [.ingress]
    if host.forward == .judge { directions.append(.forward) }
    directions.append(.egress)
    var hasContainers = false
    if case .containers = host.forward {
      hasContainers = true
      // Behind the two whose maps it asks.
      directions.append(.forward)
    }
    let families = cutFamilies(host, tripwires)
    return directions.filter { host.modes[$0] != .leave }.map {
      SidePolicy(
        $0, mode: host.modes[$0], deny: host.deny, hasContainers: hasContainers,
        cutFamilies: families)
    }
  }

  /// The families in which tripwires of a host may cut somebody off: none where it only observes who knocks; `nil`: no tripwire
  /// is on it.
  private static func cutFamilies(
    _ host: HostPolicy, _ tripwires: [CompiledTripwire]
  ) -> [AddressFamily]? {
    if host.tripwires.isEmpty { return nil }
    let hearing: [Direction] = host.forward == .leave ? [.ingress] : [.ingress, .forward]
    guard hearing.contains(where: { host.modes[$0] == .enforce }) else { return [] }
    return AddressFamily.allCases.filter { family in
      host.tripwires.contains { tripwires[$0.index].sources[family] != nil }
    }
  }

  /// The rules of the flows that some host policies have a share of, and those that are on every host, each
  /// once. Tables have few others.
  package func sharedRules(of hosts: [HostPolicy]) -> [Rule] {
    var known: Set<Allowance> = []
    return skeletons.values.flatMap(\.rules) + QuarantineChain.chain.rules
      + hosts.lazy.flatMap(\.allowances).filter { known.insert($0).inserted }
      .flatMap { openings[$0] ?? [] }.flatMap(\.rules)
  }

  /// The chains that every table has, of a side or of all.
  package var sharedChains: [Chain] {
    skeletons.values.flatMap { $0.chains + [$0.deny.records.chain] } + [QuarantineChain.chain]
  }

  /// The sets of peers that the tables of some host policies refer to, and those that record what is denied,
  /// each once. A set of one of these names is the same in every table.
  package func sharedSets(of hosts: [HostPolicy]) -> [NamedSet] {
    var used: Set<PeersID> = []
    for host in hosts {
      for allowance in host.allowances { used.formUnion(allowance.peers) }
    }
    return skeletons.values.flatMap { $0.deny.records.sets + $0.opened.sets } + QuarantineChain.sets
      + used.sorted().flatMap { sets.namedSets($0) }
  }
}
