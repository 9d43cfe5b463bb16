package import Addressing

/// Addresses that are taken to be on one link. Which networks a host is in no inventory says: neighbours are those that
/// have the first 24 bits in common, of IPv6 the first 64, or that are in one network.
package enum SharedLink: Hashable, Comparable, Sendable {
  case prefix(Prefix)
  case network(String)

  package init(_ address: Address) {
    self = .prefix(Prefix(containing: address, length: address.family == .ipv4 ? 24 : 64))
  }
}

extension Policy {
  /// The links of an address: that of its neighbours, and the networks that it is in, but for those of most addresses
  /// there are.
  package func links(of address: Address) -> [SharedLink] {
    // What a network excepts, its managed hosts among them, is on its link all the same.
    [SharedLink(address)]
      + networks.filter { !$0.addresses.isMost && $0.addresses.surrounds(address) }.map { .network($0.name) }
  }

  /// The hosts that filter what they forward, stand beside both ends of a connection by two of their addresses, and have no
  /// route between them: where it passes one of these, no declaration says that it does.
  package func gatewaysBeside(_ source: Address, _ destination: Address) -> [HostID] {
    let (near, far) = (Set(links(of: source)), Set(links(of: destination)))
    // Neighbours need no gateway.
    if !near.isDisjoint(with: far) { return [] }
    return hosts.indices.map { HostID($0) }.filter { id in
      let host = self[id]
      guard host.forwarding.filtersPassage, !host.addresses.contains(source),
        !host.addresses.contains(destination),
        areas(of: host)?.contains(where: { $0.joins(source, destination) }) != true
      else { return false }
      let own = host.addresses.filter { $0.family == source.family }
      func stands(beside links: Set<SharedLink>) -> Set<Address> {
        Set(own.filter { address in self.links(of: address).contains { links.contains($0) } })
      }
      let (one, other) = (stands(beside: near), stands(beside: far))
      return !one.isEmpty && !other.isEmpty && one.union(other).count > 1
    }
  }
}

extension AddressSet {
  /// Whether it holds half of the IPv4 addresses, or half of the IPv6 addresses that are given out (2000::/3):
  /// what is left of "everything" after the usual exceptions.
  package var isMost: Bool {
    let v4 = ipv4.ranges.reduce(UInt64(0)) { $0 + UInt64($1.upperBound - $1.lowerBound) + 1 }
    if v4 >= 1 << 31 { return true }
    let unicast = IntervalSet<UInt128>([(0x2000 << 112)...((0x4000 << 112) - 1)])
    let v6 = ipv6.intersection(unicast).ranges.reduce(UInt128(0)) { $0 + ($1.upperBound - $1.lowerBound) + 1 }
    return v6 >= 1 << 124
  }

  /// Whether an address is between the first and the last of these.
  fileprivate func surrounds(_ address: Address) -> Bool {
    let ranges = ranges(address.family)
    guard let first = ranges.first, let last = ranges.last else { return false }
    return (first.lowerBound...last.upperBound).contains(address.bits)
  }
}
