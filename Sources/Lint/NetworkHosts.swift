internal import Addressing
internal import Diagnostics
internal import Policy

extension Lint {
  /// Networks that hold addresses of managed hosts: whoever is let in from the network lets these in too.
  static func networksOfHosts(_ policy: Policy) -> [Remark] {
    let owners = AddressOwners(policy)
    let networksWithVirtuals = policy.networks.compactMap { network -> Remark? in
      let virtuals = policy.virtuals.filter { $0.addresses.contains(where: network.addresses.contains) }
      guard let first = virtuals.first, let address = first.addresses.first(where: network.addresses.contains)
      else { return nil }
      let others = virtuals.count - 1
      return Remark(
        .managedInNetwork, network.name, at: network.location,
        "the network `\(network.name)` contains the virtual address `\(first.name)` (\(address))"
          + (others > 0 ? " and \(others) more" : ""),
        help: "write `except: [managed]`, and name the virtual address in the flows that mean it")
    }
    return networksWithVirtuals + networksWithHosts(policy, owners)
  }

  private static func networksWithHosts(_ policy: Policy, _ owners: AddressOwners) -> [Remark] {
    policy.networks.compactMap { network in
      let hosts = owners.hosts(in: network.addresses)
      if hosts.isEmpty { return nil }
      return Remark(.managedInNetwork, network.name, hosts) { some in
        let host = policy[some[0]]
        let address = host.addresses.first(where: network.addresses.contains)
        let others = some.count - 1
        return Diagnostic(
          .warning, at: network.location, length: network.name.count,
          message: "the network `\(network.name)` contains the managed host `\(host.name)`"
            + (address.map { " (\($0))" } ?? "") + (others > 0 ? " and \(others) more" : ""),
          help: "write `except: [managed]`, and name the hosts in the flows that mean them")
      }
    }
  }
}

/// Whose the addresses of the policy are.
private struct AddressOwners {
  /// Ascending by address.
  private let owners: [(address: Address, host: HostID)]

  init(_ policy: Policy) {
    owners = policy.hosts.enumerated().flatMap { index, host in
      host.addresses.map { (address: $0, host: HostID(index)) }
    }.sorted { $0.address < $1.address }
  }

  /// The hosts with an address in a set, ascending.
  func hosts(in addresses: AddressSet) -> [HostID] {
    var result: Set<HostID> = []
    for family in addresses.families {
      for range in addresses.ranges(family) {
        let last = Address(family, range.upperBound)
        var index = first(from: Address(family, range.lowerBound))
        while index < owners.count, owners[index].address <= last {
          result.insert(owners[index].host)
          index += 1
        }
      }
    }
    return result.sorted()
  }

  /// The place of the first address that is not below one.
  private func first(from address: Address) -> Int {
    var (low, high) = (0, owners.count)
    while low < high {
      let middle = (low + high) / 2
      if owners[middle].address < address { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
