internal import Addressing
internal import Policy

/// Which connections have no way but through some gateways. Gateways between the same areas are alternatives: a
/// connection goes through any of them.
struct Crossings: Sendable {
  private let sides: [Side]
  private let none: BitSet

  /// One direction of a route.
  private struct Side: Sendable {
    /// Whether it is of a gateway that is looked at, rather than of one that is a way around those.
    let counts: Bool
    /// Without the gateway's own: what it sends and receives itself, it does not forward.
    let from: BitSet
    let to: BitSet
  }

  /// - Parameter counts: which gateways are looked at.
  init(_ policy: Policy, _ roles: Roles, where counts: (HostID) -> Bool) {
    none = BitSet(count: roles.points.count)
    var sides: [Side] = []
    for (index, host) in policy.hosts.enumerated() {
      guard case .gateway(let routes) = host.forwarding else { continue }
      let counts = counts(HostID(index))
      let own = BitSet(count: roles.points.count, roles.nodes[roles.nodeOfHost[index]].points)
      for route in routes {
        let one = roles.area(route.one, policy).subtracting(own)
        let other = roles.area(route.other, policy).subtracting(own)
        sides.append(Side(counts: counts, from: one, to: other))
        sides.append(Side(counts: counts, from: other, to: one))
      }
    }
    self.sides = sides.contains(where: \.counts) ? sides : []
  }

  var isEmpty: Bool { sides.isEmpty }

  /// Where connections from a point have to pass one of the gateways.
  func destinations(from point: Int) -> BitSet {
    var result = none
    var around = none
    for side in sides where side.from.contains(point) {
      if side.counts { result.formUnion(side.to) } else { around.formUnion(side.to) }
    }
    return result.subtracting(around)
  }
}

extension Roles {
  /// The points on a side of a route: a virtual address is wherever one of its carriers is.
  fileprivate func area(_ side: PeersID, _ policy: Policy) -> BitSet {
    let hosts = policy[side].hosts
    return policy.virtuals.indices.reduce(into: members[side.index]) { points, index in
      if policy.virtuals[index].carriers.contains(where: hosts.contains) {
        points.formUnion(virtualPoints[index])
      }
    }
  }
}
