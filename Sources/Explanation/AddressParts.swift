package import Addressing
package import Policy

/// Divides addresses into parts within which no ruleset of a policy tells one from another.
///
/// What holds for one address of a network need not hold for the next: a flow may name a smaller network
/// inside it, or a host. One address of each part answers for all.
package struct AddressParts: Sendable {
  /// Whatever a rule or a path asks of an address is whether it is in one of these.
  private let sets: [AddressSet]
  private let owners: [Address: HostID]

  package init(_ policy: Policy, _ policies: HostPolicies) {
    owners = policy.owners
    var managed = [[Address]](repeating: [], count: policies.distinct.count)
    for (index, host) in policy.hosts.enumerated() {
      managed[policies.assignment[index]] += host.addresses
    }
    sets =
      policy.peers.map(\.addresses) + [.ipv6LinkLocal] + managed.map { AddressSet($0) }
  }

  /// What no connection comes from or goes to, wherever a wide network has it: IPv4 written as IPv6, which is
  /// denied on every host, and groups.
  private static let nobody = AddressSet.ipv4InIPv6.union(.multicast)

  /// The parts of some addresses, in order of their first.
  ///
  /// - Returns: of each part one address; of a part that is hosts two addresses of different hosts, if
  ///   there are such, since a host asked about itself is another matter.
  package func representatives(of addresses: AddressSet) -> [[Address]] {
    let addresses = addresses.subtracting(Self.nobody)
    return addresses.families.flatMap { representatives(of: addresses, $0) }
  }

  private func representatives(of addresses: AddressSet, _ family: AddressFamily) -> [[Address]] {
    var steps: [(at: UInt128, set: Int)] = []
    for (index, set) in sets.enumerated() {
      for range in set.intersection(addresses).ranges(family) {
        steps.append((range.lowerBound, index))
        if range.upperBound < family.highestBits { steps.append((range.upperBound + 1, index)) }
      }
    }
    steps.sort { $0.at < $1.at }
    var parts: [[Address]] = []
    var known: [[UInt64]: Int] = [:]
    var members = [UInt64](repeating: 0, count: (sets.count + 63) / 64)
    var next = 0
    for range in addresses.ranges(family) {
      var start = range.lowerBound
      while true {
        while next < steps.count, steps[next].at <= start {
          members[steps[next].set >> 6] ^= 1 << UInt64(steps[next].set & 63)
          next += 1
        }
        var end = range.upperBound
        if next < steps.count, steps[next].at <= end { end = steps[next].at - 1 }
        take(start...end, family, into: &parts, at: &known[members])
        if end == range.upperBound { break }
        start = end + 1
      }
    }
    return parts
  }

  private func take(
    _ range: ClosedRange<UInt128>, _ family: AddressFamily, into parts: inout [[Address]],
    at index: inout Int?
  ) {
    let first = Address(family, range.lowerBound)
    guard let owner = owners[first] else {
      if index == nil {
        index = parts.count
        // The first address of a prefix is often no host's.
        parts.append([Address(family, min(range.lowerBound + 1, range.upperBound))])
      }
      return
    }
    guard let index else {
      index = parts.count
      parts.append([first])
      if let other = self.other(than: owner, range, family) { parts[parts.count - 1].append(other) }
      return
    }
    if parts[index].count == 1, let kept = owners[parts[index][0]],
      let other = self.other(than: kept, range, family)
    {
      parts[index].append(other)
    }
  }

  private func other(than owner: HostID, _ range: ClosedRange<UInt128>, _ family: AddressFamily) -> Address? {
    var bits = range.lowerBound
    while true {
      let address = Address(family, bits)
      if owners[address] != owner { return address }
      if bits == range.upperBound { return nil }
      bits += 1
    }
  }
}
