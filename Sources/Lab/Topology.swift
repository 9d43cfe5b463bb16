internal import Addressing
package import Policy

extension LabPlan {
  /// Lays a policy out: a node for every host and for every network that a flow or a gateway's route
  /// names.
  ///
  /// Two nodes reach each other directly unless a route of a gateway has one on each side. Then each reaches
  /// the other through the first such gateway by name, the same in both directions. Gateways themselves are
  /// reached directly and reach everybody directly, so that no packet can circle between two of them.
  ///
  /// - Throws: ``LabError`` `layout`: too many nodes for one bridge, or a name that cannot be a namespace's.
  package init(_ policy: Policy) throws(LabError) {
    let networks = NetworkPlaces(policy)
    let ends =
      policy.hosts.indices.map { index in
        let host = policy.hosts[index]
        let carried = policy.virtuals.filter { $0.carriers[0].index == index }.flatMap { virtual in
          virtual.addresses.map { LabVirtual($0, virtual.name) }
        }
        return End(name: host.name, kind: .host, addresses: host.addresses, carried: carried.sorted())
      } + networks.places.map { End(name: $0.name, kind: .network, addresses: $0.addresses, carried: []) }
    guard ends.count <= Self.limit else {
      throw LabError(
        .layout,
        "\(ends.count) hosts and networks are more than the \(Self.limit) that one machine takes; "
          + "make a smaller inventory for the lab")
    }
    for end in ends where !LabNode.isUsableName(end.name) {
      throw LabError(.layout, "no namespace can have this name; rename the host", object: end.name)
    }

    let gateways = policy.hosts.indices.filter { policy.hosts[$0].isGateway }
    var ways = Ways(count: ends.count)
    for gateway in gateways {
      guard case .gateway(let routes) = policy.hosts[gateway].forwarding else { continue }
      for route in routes {
        for family in AddressFamily.allCases
        where ends[gateway].addresses.contains(where: { $0.family == family }) {
          let (one, other) = (policy[route.one].addresses, policy[route.other].addresses)
          let sides = [one, other].map { side in
            ends.indices.filter { index in
              !gateways.contains(index)
                && ends[index].addresses.contains { $0.family == family && side.contains($0) }
            }
          }
          for near in sides[0] {
            for far in sides[1] where near != far { ways.connect(near, far, family, through: gateway) }
          }
        }
      }
    }

    self.init(
      nodes: ends.indices.map { index in
        let end = ends[index]
        var routes: [LabRoute] = []
        for (other, family, gateway) in ways.from(index) {
          guard let hop = end.nearest(of: ends[gateway].addresses, family) else { continue }
          for address in ends[other].addresses + ends[other].carried.map(\.address)
          where address.family == family {
            routes.append(LabRoute(to: address, via: hop))
          }
        }
        return LabNode(
          name: end.name, kind: end.kind, addresses: end.addresses, carried: end.carried,
          forwards: gateways.contains(index),
          routes: routes.sorted())
      })
  }

  /// Each takes two entries or more of the machine's neighbour table, which has 1,024 of a family (arp(7)).
  static var limit: Int { 400 }
}

/// A node before its routes are known.
private struct End {
  let name: String
  let kind: LabNode.Kind
  let addresses: [Address]
  let carried: [LabVirtual]

  /// The address of a gateway that shares the most leading bits with one of ours: its leg on our side.
  func nearest(of candidates: [Address], _ family: AddressFamily) -> Address? {
    let ours = addresses.filter { $0.family == family }
    return candidates.filter { $0.family == family }.max { a, b in
      func distance(_ candidate: Address) -> UInt128 {
        ours.map { $0.bits ^ candidate.bits }.min() ?? .max
      }
      return distance(a) > distance(b)
    }
  }
}

/// Through which gateway two nodes reach each other; symmetric, the first entry of a pair stays.
private struct Ways {
  private let count: Int
  private var gateways: [AddressFamily: [Int?]]

  init(count: Int) {
    self.count = count
    gateways = [:]
  }

  mutating func connect(_ one: Int, _ other: Int, _ family: AddressFamily, through gateway: Int) {
    var table = gateways.removeValue(forKey: family) ?? [Int?](repeating: nil, count: count * count)
    if table[one * count + other] == nil {
      table[one * count + other] = gateway
      table[other * count + one] = gateway
    }
    gateways[family] = table
  }

  func from(_ one: Int) -> [(other: Int, family: AddressFamily, gateway: Int)] {
    AddressFamily.allCases.flatMap { family -> [(other: Int, family: AddressFamily, gateway: Int)] in
      guard let table = gateways[family] else { return [] }
      return (0..<count).compactMap { other in
        table[one * count + other].map { (other, family, $0) }
      }
    }
  }
}

extension Host {
  fileprivate var isGateway: Bool {
    if case .gateway = forwarding { true } else { false }
  }
}
