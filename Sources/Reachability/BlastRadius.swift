package import Policy

/// What an intruder on one host can do, in figures to compare two policies by.
package struct BlastRadius: Hashable, Sendable {
  package let hosts: Int
  /// Ordered pairs of different hosts, the second of which an intruder on the first gets to with at most one connection,
  /// two, and so on.
  package let pairs: [Int]
  /// The most other hosts that he gets to from any one, with as many connections; and the first host of which it is so.
  package let most: [Int]
  package let furthest: HostID?
  /// Crown jewels of the policy.
  package let crowns: Int
  /// Hosts from which he gets to a crown jewel.
  package let endangering: [Int]
  /// Hosts, and crown jewels, that somebody outside gets to.
  package let fromOutside: [Int]
  package let crownsFromOutside: [Int]

  /// - Parameters:
  ///   - now: flows that have ended then open nothing.
  ///   - hops: how far is looked, at least 1.
  package init(_ policy: Policy, at now: Timestamp, hops: Int = 4) {
    self.init(ReachGraph(policy, at: now), hops: hops)
  }

  package init(_ graph: ReachGraph, hops: Int = 4) {
    self.init(graph.everyReach(hops: hops), crowns: EveryReach.Places(graph).crowns.reduce(0, +))
  }

  /// - Parameter crowns: how many crown jewels there are.
  package init(_ every: EveryReach, crowns: Int) {
    hosts = every.roles.reduce(0) { $0 + $1.hosts.count }
    pairs = every.pairs
    most = every.pairs.indices.map { hop in every.roles.map { $0.reached[hop] }.max() ?? 0 }
    let highest = most.last
    furthest = every.roles.filter { $0.reached.last == highest }.compactMap(\.hosts.first).min()
    self.crowns = crowns
    endangering = every.endangering
    fromOutside = every.outside.reached
    crownsFromOutside = every.outside.crowns
  }
}
