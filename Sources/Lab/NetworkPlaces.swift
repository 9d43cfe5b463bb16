internal import Addressing
internal import Policy

/// Where in the lab the networks of a policy are: each has a name and one address a family.
struct NetworkPlaces {
  struct Place: Hashable {
    let name: String
    let addresses: [Address]
  }

  /// By name.
  let places: [Place]

  /// Finds a place for all peers that flows and routes name and that are more than hosts.
  ///
  /// Peers that a flow made up of several names (`api-to-db/from`) need none in the families in which a
  /// network among them has one.
  init(_ policy: Policy) {
    var used = Set(policy.flows.flatMap(\.ends))
    for host in policy.hosts {
      guard case .gateway(let routes) = host.forwarding else { continue }
      for route in routes { used.formUnion([route.one, route.other]) }
    }
    let networks = used.map { policy[$0] }.filter { !$0.networks.isEmpty }.sorted { a, b in
      (a.isMadeUp ? 1 : 0, a.name) < (b.isMadeUp ? 1 : 0, b.name)
    }

    var taken = policy.managed
    var names = Set(policy.hosts.map(\.name) + policy.virtuals.map(\.name))
    var places: [Place] = []
    for network in networks {
      var addresses: [Address] = []
      for family in AddressFamily.allCases {
        if network.isMadeUp, places.contains(where: { $0.stands(in: network.networks, family) }) { continue }
        let others = networks.filter { $0.name != network.name }.map(\.networks)
        let clear = others.filter { !network.networks.isSubset(of: $0) }.reduce(network.networks) {
          $0.subtracting($1)
        }
        let own = others.filter { $0.isSubset(of: network.networks) }.reduce(network.networks) {
          $0.subtracting($1)
        }
        guard
          let address = [clear, own, network.networks].lazy
            .compactMap({ $0.representative(family, avoiding: taken) }).first
        else { continue }
        addresses.append(address)
        taken = taken.union(AddressSet([address]))
      }
      guard !addresses.isEmpty else { continue }
      var name = network.name.replacing("/", with: ".")
      while !names.insert(name).inserted { name += ".network" }
      places.append(Place(name: name, addresses: addresses))
    }
    self.places = places.sorted { $0.name < $1.name }
  }
}

extension NetworkPlaces.Place {
  fileprivate func stands(in set: AddressSet, _ family: AddressFamily) -> Bool {
    addresses.contains { $0.family == family && set.contains($0) }
  }
}

extension Peers {
  /// Whether no name of the inventory stands for these peers, only a flow's end.
  fileprivate var isMadeUp: Bool { name.contains("/") }
}

extension AddressSet {
  fileprivate func isSubset(of other: AddressSet) -> Bool { subtracting(other).isEmpty }

  /// The lowest address that is free, but for the very first one, which often is a network's own number.
  ///
  /// Addresses that no host can have are passed over; of IPv6, global unicast (RFC 4291) comes first.
  fileprivate func representative(_ family: AddressFamily, avoiding taken: AddressSet) -> Address? {
    let usable = subtracting(Self.unusable)
    for candidates in [usable.intersection(Self.common), usable] {
      guard let first = candidates.lowest(family) else { continue }
      let others = candidates.subtracting(AddressSet([first])).subtracting(taken)
      if let address = others.lowest(family) ?? (taken.contains(first) ? nil : first) { return address }
    }
    return nil
  }

  private func lowest(_ family: AddressFamily) -> Address? {
    ranges(family).first.map { Address(family, $0.lowerBound) }
  }

  private static let common = AddressSet([prefix(.ipv4, 0, 0), prefix(.ipv6, 0x2000 << 112, 3)])

  /// "This network", loopback, link-local, multicast and reserved (RFC 6890); of IPv6 what begins with a
  /// zero byte (unspecified, loopback, mapped), link-local and multicast.
  private static let unusable = AddressSet([
    Prefix.ipv4ThisNetwork, .ipv4Loopback, .ipv4LinkLocal, .ipv4Multicast, .ipv4Reserved, prefix(.ipv6, 0, 8),
    .ipv6LinkLocal, .ipv6Multicast,
  ])

  private static func prefix(_ family: AddressFamily, _ bits: UInt128, _ length: Int) -> Prefix {
    Prefix(containing: Address(family, bits), length: length)
  }
}
