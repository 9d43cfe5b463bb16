package import ConnectionDiff
package import ConnectionSpace
internal import Nftables
package import Policy
package import Reachability

/// How much further, or less far, an intruder gets by a change.
package struct ReachChange {
  /// How many connections deep is looked.
  package static let hops = 3

  package let old: BlastRadius
  package let new: BlastRadius

  /// Compares two policies at a moment.
  package init(from old: Policy, to new: Policy, at now: Timestamp) {
    self.init(
      old: BlastRadius(old, at: now, hops: Self.hops), new: BlastRadius(new, at: now, hops: Self.hops))
  }

  /// Compares what rulesets let pass.
  ///
  /// - Parameters:
  ///   - hosts: all of the fleet: how far he gets over hosts that nobody asked is not known.
  ///   - passage: what passes between them.
  ///   - crowns: the names of crown jewels.
  /// - Throws: ``ConnectionSpace/NotProven``.
  package init(of hosts: [HostRulesets], _ passage: FleetPassage, crowns: Set<String>) throws(NotProven) {
    func radius(
      _ whole: ConnectionSpace, _ side: KeyPath<HostRulesets, [Table]?>
    ) throws(NotProven) -> BlastRadius {
      let there = hosts.filter { $0[keyPath: side] != nil }
      let every = try EveryReach(
        whole, hosts: there.map { $0.addresses + $0.carried },
        isCrown: { crowns.contains(there[$0.index].name) },
        hops: Self.hops)
      return BlastRadius(every, crowns: there.count { crowns.contains($0.name) })
    }
    self.init(old: try radius(passage.old, \.old), new: try radius(passage.new, \.new))
  }

  /// Compares two policies by what passes: of gateways that filter on one side more is known than each policy says of
  /// itself.
  ///
  /// - Throws: ``ConnectionSpace/NotProven``.
  init(from old: Policy, to new: Policy, _ passage: FleetPassage) throws(NotProven) {
    func radius(_ policy: Policy, _ whole: ConnectionSpace) throws(NotProven) -> BlastRadius {
      let crowns = policy.crownNames
      let every = try EveryReach(
        whole, hosts: zip(policy.hosts, policy.carried).map { $0.addresses + $1 },
        isCrown: { crowns.contains(policy.hosts[$0.index].name) }, hops: Self.hops)
      return BlastRadius(every, crowns: crowns.count)
    }
    self.init(old: try radius(old, passage.old), new: try radius(new, passage.new))
  }

  package init(old: BlastRadius, new: BlastRadius) {
    self.old = old
    self.new = new
  }

  /// Whether he gets as far as before.
  package var isEmpty: Bool {
    func figures(_ radius: BlastRadius) -> [[Int]] {
      [
        radius.pairs, radius.most, radius.fromOutside, radius.endangering, radius.crownsFromOutside,
        [radius.hosts, radius.crowns],
      ]
    }
    return figures(old) == figures(new)
  }
}
