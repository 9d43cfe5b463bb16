internal import Addressing
internal import Policy

/// The networks of a policy, and the addresses that no host has, in parts that no network cuts.
struct OutsideAddresses {
  /// Each distinct set of prefixes once.
  let networks: [AddressSet]
  /// For each of the policy's peers, its place in ``networks``; `nil` where it has hosts only.
  let networkOfPeers: [Int?]
  /// Addresses that are in the same networks, none of which a host has.
  let parts: [Part]
  /// For each address of a host, and each virtual one, that is in a network: in which.
  let covered: [Address: BitSet]

  struct Part {
    let family: AddressFamily
    /// The first of them.
    let address: Address
    /// The networks that they are in.
    let networks: BitSet
  }

  /// Of some address sets that are asked for beside the policy's, their places in ``networks``.
  let networkOfAsked: [Int]

  /// - Parameter asked: sets whose addresses are told apart from others, as if a flow named them.
  init(_ policy: Policy, asked: [AddressSet] = []) {
    var networks: [AddressSet] = []
    var known: [AddressSet: Int] = [:]
    networkOfPeers = policy.peers.map { peers in
      if peers.networks.isEmpty { return nil }
      if let index = known[peers.networks] { return index }
      known[peers.networks] = networks.count
      networks.append(peers.networks)
      return networks.count - 1
    }
    networkOfAsked = asked.map { addresses in
      if let index = known[addresses] { return index }
      known[addresses] = networks.count
      networks.append(addresses)
      return networks.count - 1
    }
    self.networks = networks
    var covered: [Address: BitSet] = [:]
    var parts: [Part] = []
    for family in AddressFamily.allCases {
      let managed = Self.managed(policy, family, isNeeded: !networks.isEmpty)
      let ranges = networks.map { $0.ranges(family) }
      for (index, ranges) in ranges.enumerated() {
        for bits in managed.members(of: ranges) {
          covered[Address(family, bits), default: BitSet(count: networks.count)].insert(index)
        }
      }
      parts += Self.parts(family, ranges, managed)
    }
    self.covered = covered
    self.parts = parts
  }

  private static func managed(_ policy: Policy, _ family: AddressFamily, isNeeded: Bool) -> SortedAddresses {
    guard isNeeded else { return SortedAddresses(bits: []) }
    var bits: [UInt128] = []
    for host in policy.hosts {
      for address in host.addresses where address.family == family { bits.append(address.bits) }
    }
    for address in policy.virtuals.lazy.flatMap(\.addresses) where address.family == family {
      bits.append(address.bits)
    }
    return SortedAddresses(bits: bits.sorted())
  }

  /// Sweeps over the ends of all ranges.
  private static func parts(
    _ family: AddressFamily, _ ranges: [[ClosedRange<UInt128>]], _ managed: SortedAddresses
  ) -> [Part] {
    var turns: [(at: UInt128, network: Int)] = []
    for (index, ranges) in ranges.enumerated() {
      for range in managed.withoutHoles(ranges) {
        turns.append((range.lowerBound, index))
        if range.upperBound < family.highestBits { turns.append((range.upperBound + 1, index)) }
      }
    }
    turns.sort { $0.at < $1.at }
    var parts: [Part] = []
    var known: Set<BitSet> = []
    var current = BitSet(count: ranges.count)
    var start: UInt128 = 0
    var next = 0
    while true {
      while next < turns.count, turns[next].at == start {
        let network = turns[next].network
        if current.contains(network) { current.remove(network) } else { current.insert(network) }
        next += 1
      }
      let end = next < turns.count ? turns[next].at - 1 : family.highestBits
      if let first = managed.firstGap(in: start...end), known.insert(current).inserted {
        parts.append(Part(family: family, address: Address(family, first), networks: current))
      }
      if next == turns.count { return parts }
      start = turns[next].at
    }
  }
}

/// Addresses of hosts, ascending.
private struct SortedAddresses {
  let bits: [UInt128]

  /// Those that are in one of some ascending ranges.
  func members(of ranges: [ClosedRange<UInt128>]) -> [UInt128] {
    var result: [UInt128] = []
    var position = 0
    // One step at a time only where that is less than to look each range up.
    let isDense = ranges.count * 16 > bits.count
    for range in ranges {
      if isDense {
        while position < bits.count, bits[position] < range.lowerBound { position += 1 }
      } else {
        position = rank(range.lowerBound)
      }
      while position < bits.count, bits[position] <= range.upperBound {
        result.append(bits[position])
        position += 1
      }
      if position == bits.count { break }
    }
    return result
  }

  /// Ascending ranges, joined where only hosts are between: what `except: managed` has cut out makes no parts.
  func withoutHoles(_ ranges: [ClosedRange<UInt128>]) -> [ClosedRange<UInt128>] {
    guard ranges.count > 1 else { return ranges }
    var result: [ClosedRange<UInt128>] = []
    for range in ranges {
      if let last = result.last, firstGap(in: (last.upperBound + 1)...(range.lowerBound - 1)) == nil {
        result[result.count - 1] = last.lowerBound...range.upperBound
      } else {
        result.append(range)
      }
    }
    return result
  }

  /// The first address of a range that no host has.
  func firstGap(in range: ClosedRange<UInt128>) -> UInt128? {
    var position = rank(range.lowerBound)
    var address = range.lowerBound
    while position < bits.count, bits[position] == address {
      if address == range.upperBound { return nil }
      address += 1
      position += 1
    }
    return address
  }

  /// How many are below.
  private func rank(_ value: UInt128) -> Int {
    var (low, high) = (0, bits.count)
    while low < high {
      let middle = (low + high) / 2
      if bits[middle] < value { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
