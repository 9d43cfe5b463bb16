internal import Addressing
internal import Policy

/// The addresses of all hosts in order, so that the addresses of a set of hosts need no sorting.
struct AddressTable {
  /// Ascending and unique.
  private var sorted: [Address] = []
  /// For each host, where its ranks begin in ``ranks``; one more for the end.
  private var starts: [Int] = [0]
  /// Indices into ``sorted``, ascending for each host.
  private var ranks: [Int] = []

  /// A table of no host.
  init() {}

  /// - Parameter hosts: The addresses of each host, ascending; no address twice.
  init(_ hosts: [ArraySlice<Address>]) {
    var order: [(address: Address, host: Int)] = []
    for (host, addresses) in hosts.enumerated() { order += addresses.map { ($0, host) } }
    order.sort { $0.address < $1.address }
    sorted = order.map(\.address)
    var next = [Int](repeating: 0, count: hosts.count)
    for addresses in hosts { starts.append((starts.last ?? 0) + addresses.count) }
    ranks = Array(repeating: 0, count: sorted.count)
    for (rank, entry) in order.enumerated() {
      ranks[starts[entry.host] + next[entry.host]] = rank
      next[entry.host] += 1
    }
  }

  /// The addresses of one host, ascending.
  func addresses(of host: HostID) -> [Address] {
    ranks[starts[host.index]..<starts[host.index + 1]].map { sorted[$0] }
  }

  /// Every address.
  var all: AddressSet { collected(sorted) }

  /// The addresses of hosts, together with networks.
  func union(of hosts: HostSet, _ networks: AddressSet) -> AddressSet {
    var chosen = [UInt64](repeating: 0, count: (sorted.count + 63) / 64)
    for host in hosts.members {
      for rank in ranks[starts[host.index]..<starts[host.index + 1]] {
        chosen[rank >> 6] |= 1 << UInt64(rank & 63)
      }
    }
    var addresses: [Address] = []
    for (index, word) in chosen.enumerated() {
      var rest = word
      while rest != 0 {
        addresses.append(sorted[index << 6 | rest.trailingZeroBitCount])
        rest &= rest - 1
      }
    }
    return collected(addresses).union(networks)
  }

  private func collected(_ ascending: [Address]) -> AddressSet {
    var ipv4: [UInt32] = []
    var ipv6: [UInt128] = []
    for address in ascending {
      switch address.family {
      case .ipv4: ipv4.append(UInt32(truncatingIfNeeded: address.bits))
      case .ipv6: ipv6.append(address.bits)
      }
    }
    return AddressSet(ipv4: IntervalSet(ascending: ipv4), ipv6: IntervalSet(ascending: ipv6))
  }
}
