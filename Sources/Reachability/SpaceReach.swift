package import Addressing
package import ConnectionSpace
package import Policy

extension EveryReach {
  /// How far an intruder gets by the connections of a space, as that of rulesets is, which no policy is behind.
  ///
  /// - Parameters:
  ///   - whole: what passes from end to end, as ``ConnectionSpace/Passage/whole``.
  ///   - hosts: the addresses of each host.
  ///   - hops: at least 1.
  /// - Throws: ``NotProven`` when the universe's budget is spent.
  package init(_ whole: ConnectionSpace, hosts: [[Address]], isCrown: (HostID) -> Bool, hops: Int = 4)
    throws(NotProven)
  {
    let owners = Owners(hosts)
    let links = try whole.rectangles().map { rectangle in
      (
        sources: owners.hosts(in: rectangle.sources), isFromOutside: owners.isOutside(rectangle.sources),
        destinations: owners.hosts(in: rectangle.destinations)
      )
    }
    var partition = Partition(hosts.indices.map { isCrown(HostID($0)) ? 1 : 0 })
    for link in links {
      partition.split(by: link.sources)
      partition.split(by: link.destinations)
    }
    var members = Array(repeating: [HostID](), count: partition.count)
    for (host, part) in partition.partOf.enumerated() { members[part].append(HostID(host)) }
    // What is outside is the last node.
    let outside = members.count
    members.append([])
    func nodes(_ hosts: [HostID]) -> BitSet {
      BitSet(count: members.count, hosts.map { partition.partOf[$0.index] })
    }
    var neighbours = Array(repeating: BitSet(count: members.count), count: members.count)
    for link in links where !link.destinations.isEmpty {
      let destinations = nodes(link.destinations)
      var sources = nodes(link.sources)
      if link.isFromOutside { sources.insert(outside) }
      sources.forEach { neighbours[$0].formUnion(destinations) }
    }
    for node in members.indices where members[node].count == 1 { neighbours[node].remove(node) }
    let places = Places(
      hosts: members, outside: BitSet(count: members.count, [outside]), isCrown: isCrown)
    self.init(places, neighbours, hops: hops)
  }
}

/// Which host has which address.
private struct Owners {
  private var addresses: [AddressFamily: [(bits: UInt128, host: HostID)]] = [:]
  private let managed: AddressSet

  init(_ hosts: [[Address]]) {
    managed = AddressSet(hosts.joined())
    for (host, own) in hosts.enumerated() {
      for address in own { addresses[address.family, default: []].append((address.bits, HostID(host))) }
    }
    for family in AddressFamily.allCases { addresses[family]?.sort { $0.bits < $1.bits } }
  }

  /// Ascending.
  func hosts(in set: AddressSet) -> [HostID] {
    var found: Set<HostID> = []
    for family in AddressFamily.allCases {
      let sorted = addresses[family] ?? []
      for range in set.ranges(family) {
        var (low, high) = (0, sorted.count)
        while low < high {
          let middle = (low + high) / 2
          if sorted[middle].bits < range.lowerBound { low = middle + 1 } else { high = middle }
        }
        while low < sorted.count, sorted[low].bits <= range.upperBound {
          found.insert(sorted[low].host)
          low += 1
        }
      }
    }
    return found.sorted()
  }

  /// Link-local addresses are those of neighbours, whoever they are: hosts speak from there to groups of a link.
  func isOutside(_ set: AddressSet) -> Bool { !set.subtracting(managed).subtracting(.linkLocal).isEmpty }
}
