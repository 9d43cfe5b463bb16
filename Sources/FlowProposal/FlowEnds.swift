internal import Addressing
internal import Policy

/// Ends of flows by numbers, hosts first, networks behind them, virtual addresses last, and the names that stand for sets of them.
struct FlowEnds {
  /// One more than the greatest number.
  let count: Int
  /// Names of hosts that belong together, those that say most first: groups, zones, all.
  private let names: [(name: String, hosts: BitSet)]
  /// Places in ``names``, in their order, by the first host that a name stands for.
  private let namesByFirst: [Int: [Int]]
  private let policy: Policy

  init(_ policy: Policy) {
    self.policy = policy
    let count = policy.hosts.count + policy.networks.count + policy.virtuals.count
    self.count = count
    func set(_ hosts: some Sequence<Int>) -> BitSet { BitSet(count: count, hosts) }
    // A named selector may have addresses in it, too.
    let selectors = policy.groups.filter { $0.networks.isEmpty && $0.virtuals.isEmpty }
    var names = (policy.hostGroups + selectors).map { (name: $0.name, hosts: set($0.hosts.map(\.index))) }
    for zone in policy.zones {
      names.append((zone.name, set(policy.hosts.indices.filter { policy.hosts[$0].zone == zone.name })))
    }
    names.append(("all", set(policy.hosts.indices)))
    let some = names.filter { !$0.hosts.isEmpty }
    self.names = some
    namesByFirst = Dictionary(grouping: some.indices) { some[$0].hosts.first ?? 0 }
  }

  func number(of host: HostID) -> Int { host.index }

  /// The network that has the fewest addresses of those that an address is of.
  func network(of address: Address) -> Int? {
    let holding = policy.networks.indices.filter { policy.networks[$0].addresses.contains(address) }
    let smallest = holding.min { a, b in
      policy.networks[a].addresses.size(address.family) < policy.networks[b].addresses.size(address.family)
    }
    return smallest.map { policy.hosts.count + $0 }
  }

  func isNetwork(_ end: Int) -> Bool { end >= policy.hosts.count && end < firstVirtual }

  /// The virtual address that an address is.
  func virtual(of address: Address) -> Int? { policy.virtual(of: address).map { firstVirtual + $0.index } }

  private var firstVirtual: Int { policy.hosts.count + policy.networks.count }

  /// What one end is called.
  func name(_ end: Int) -> String {
    if end >= firstVirtual { return policy.virtuals[end - firstVirtual].name }
    return isNetwork(end) ? policy.networks[end - policy.hosts.count].name : policy.hosts[end].name
  }

  /// The fewest names that stand for some ends and no others, or nearly so few: each next one stands for the most of what
  /// is left.
  func names(_ ends: BitSet) -> [String] {
    var result: [String] = []
    var rest = ends
    // Of some thousand names hardly any begins with one of a few ends.
    let usable = ends.members.flatMap { namesByFirst[$0] ?? [] }.sorted()
      .filter { names[$0].hosts.isSubset(of: ends) }
    while !usable.isEmpty, !rest.isEmpty {
      var best: (name: String, hosts: BitSet, gain: Int)?
      for (name, hosts) in usable.lazy.map({ names[$0] }) {
        let gain = hosts.intersection(rest).count
        if gain > best?.gain ?? 0 { best = (name, hosts, gain) }
      }
      guard let best else { break }
      result.append(best.name)
      rest.subtract(best.hosts)
    }
    return result + rest.members.map { name($0) }
  }

  /// The ends, and the others of each group or zone of which they are half at least.
  func widened(_ ends: BitSet) -> BitSet {
    names.reduce(into: ends) { result, name in
      if name.name != "all", 2 * name.hosts.intersection(ends).count >= name.hosts.count {
        result.formUnion(name.hosts)
      }
    }
  }
}

extension AddressSet {
  /// How many addresses it has of a family, less one.
  fileprivate func size(_ family: AddressFamily) -> UInt128 {
    ranges(family).reduce(0) { $0 &+ ($1.upperBound - $1.lowerBound) }
  }
}
