internal import Addressing
package import Policy

/// How far an intruder gets from each host, in at most some hops.
package struct EveryReach: Sendable {
  /// In the order of ``ReachGraph/rolesOfHosts``: hosts of a role get equally far.
  package let roles: [Role]
  /// What is outside, all of it at once.
  package let outside: Role

  /// How far one host of a role gets.
  package struct Role: Hashable, Sendable {
    /// Ascending; empty for what is outside.
    package let hosts: [HostID]
    /// How many other hosts he gets to with at most one connection, two, and so on.
    package let reached: [Int]
    /// The same for crown jewels.
    package let crowns: [Int]

    /// The fewest connections to a crown jewel.
    package var nearestCrown: Int? { crowns.firstIndex { $0 > 0 }.map { $0 + 1 } }
  }

  init(_ places: Places, _ neighbours: [BitSet], hops: Int) {
    roles = places.hosts.indices.filter { !places.outside.contains($0) }.map { node in
      Self.role(places, neighbours, from: neighbours[node], node, hops)
    }
    var first = BitSet(count: places.hosts.count)
    places.outside.forEach { first.formUnion(neighbours[$0]) }
    outside = Self.role(places, neighbours, from: first, nil, hops)
  }

  private static func role(
    _ places: Places, _ neighbours: [BitSet], from first: BitSet, _ start: Int?, _ hops: Int
  ) -> Role {
    var seen = first
    var fresh = first
    var reached: [Int] = []
    var crowns: [Int] = []
    for hop in 1...max(1, hops) {
      if hop > 1, !fresh.isEmpty {
        var next = seen
        fresh.subtracting(places.outside).forEach { next.formUnion(neighbours[$0]) }
        fresh = next.subtracting(seen)
        seen = next
      }
      var (hosts, jewels) = (reached.last ?? 0, crowns.last ?? 0)
      fresh.forEach { node in
        hosts += places.hosts[node].count
        jewels += places.crowns[node]
        // Of his own role he gets to the others.
        if node == start {
          hosts -= 1
          jewels -= min(1, places.crowns[node])
        }
      }
      reached.append(hosts)
      crowns.append(jewels)
    }
    return Role(hosts: start.map { places.hosts[$0] } ?? [], reached: reached, crowns: crowns)
  }

  /// Where he can be.
  struct Places: Sendable {
    /// The hosts of each node; none of what is outside.
    let hosts: [[HostID]]
    let outside: BitSet
    /// How many crown jewels each node has: of a role all of them, or none.
    let crowns: [Int]

    init(hosts: [[HostID]], outside: BitSet, isCrown: (HostID) -> Bool) {
      self.hosts = hosts
      self.outside = outside
      crowns = hosts.map { hosts in hosts.first.map(isCrown) ?? false ? hosts.count : 0 }
    }

    init(_ graph: ReachGraph) {
      self.init(
        hosts: graph.roles.nodes.map(\.hosts), outside: graph.outside, isCrown: graph.policy.isCrown)
    }
  }

  /// Ordered pairs of different hosts, the second of which an intruder on the first gets to with at most one connection,
  /// two, and so on.
  package var pairs: [Int] {
    sum { $0.reached }
  }

  /// Hosts from which he gets to a crown jewel with at most one connection, two, and so on.
  package var endangering: [Int] {
    sum { $0.crowns.map { $0 > 0 ? 1 : 0 } }
  }

  private func sum(_ figures: (Role) -> [Int]) -> [Int] {
    var result = Array(repeating: 0, count: outside.reached.count)
    for role in roles {
      for (index, figure) in figures(role).enumerated() { result[index] += figure * role.hosts.count }
    }
    return result
  }
}

extension ReachGraph {
  /// - Parameter hops: at least 1.
  package func everyReach(hops: Int = 4) -> EveryReach {
    EveryReach(EveryReach.Places(self), neighbours(links), hops: hops)
  }

  /// What the removal of each flow alone would change, those that help most first: less of the ways to crown jewels,
  /// then fewer pairs. Flows whose removal changes nothing are left out.
  package func helpfulRemovals(hops: Int = 4) -> [FlowEffect] {
    let places = EveryReach.Places(self)
    let now = EveryReach(places, neighbours(links), hops: hops)
    let (pairs, endangering) = (now.pairs[hops - 1], now.endangering[hops - 1])
    var result: [FlowEffect] = []
    for flow in Set(links.flatMap(\.flows)).sorted() {
      let rest = EveryReach(
        places, neighbours(links.lazy.filter { !$0.flows.contains(flow) }), hops: hops)
      let effect = FlowEffect(
        flow: flow, pairs: pairs - rest.pairs[hops - 1],
        endangering: endangering - rest.endangering[hops - 1])
      if effect.pairs > 0 || effect.endangering > 0 { result.append(effect) }
    }
    return result.sorted {
      ($1.endangering, $1.pairs, $0.flow.index) < ($0.endangering, $0.pairs, $1.flow.index)
    }
  }
}

/// What is gone without a flow.
package struct FlowEffect: Hashable, Sendable {
  package let flow: FlowID
  /// Fewer pairs of hosts, one reachable from the other.
  package let pairs: Int
  /// Fewer hosts from which a crown jewel can be reached.
  package let endangering: Int
}
