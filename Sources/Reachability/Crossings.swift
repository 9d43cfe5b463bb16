internal import Policy

/// Which connections pass gateways.
struct Crossings: Sendable {
  private let sides: [Side]
  private let none: Bits

  /// One direction of a route.
  private struct Side: Sendable {
    let gateway: HostID
    /// Without the gateway's own: what it sends and receives itself, it does not forward.
    let from: Bits
    let to: Bits
  }

  /// - Parameter counts: which gateways are looked at.
  init(_ policy: Policy, _ roles: Roles, where counts: (HostID) -> Bool) {
    none = Bits(count: roles.points.count)
    var sides: [Side] = []
    for (index, host) in policy.hosts.enumerated() {
      guard case .gateway(let routes) = host.forwarding, counts(HostID(index)) else { continue }
      let own = Bits(count: roles.points.count, roles.nodes[roles.nodeOfHost[index]].points)
      for route in routes {
        let one = roles.members[route.one.index].subtracting(own)
        let other = roles.members[route.other.index].subtracting(own)
        sides.append(Side(gateway: HostID(index), from: one, to: other))
        sides.append(Side(gateway: HostID(index), from: other, to: one))
      }
    }
    self.sides = sides
  }

  var isEmpty: Bool { sides.isEmpty }

  /// Where connections from a point pass one of the gateways.
  func destinations(from point: Int) -> Bits {
    var result = none
    for side in sides where side.from.contains(point) { result.formUnion(side.to) }
    return result
  }
}
