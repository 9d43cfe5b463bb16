public import Addressing

/// A gateway, as it stands between ends.
public struct Gateway: Sendable {
  /// Its own addresses: what goes to or comes from them it does not forward.
  public let addresses: AddressSet
  /// Areas between which everything crosses it, in both directions; `nil`: not known, so that it stops nothing
  /// between ends that judge for themselves.
  public let routes: [(one: AddressSet, other: AddressSet)]?
  /// What it lets through, as ``Passage/forward``.
  public let forwarded: ConnectionSpace

  public init(
    addresses: AddressSet, routes: [(one: AddressSet, other: AddressSet)]?, forwarded: ConnectionSpace
  ) {
    self.addresses = addresses
    self.routes = routes
    self.forwarded = forwarded
  }
}

extension ConnectionSpace {
  /// What passes from end to end, as ``Passage/whole``, of what every end allows in ``Passage/ingress`` and
  /// ``Passage/egress``: it takes both ends that judge, and one of the gateways whose routes it crosses, if there are
  /// any: gateways between the same areas are alternatives.
  ///
  /// Ends that do not judge allow everything; between two of those, only what crosses a gateway is looked at.
  ///
  /// - Parameters:
  ///   - judging: the addresses of the ends that judge.
  ///   - gateways: those that judge what crosses them, each with what it forwards.
  /// - Throws: ``NotProven`` when the universe's budget is spent.
  public func endToEnd(judging: AddressSet, through gateways: [Gateway]) throws(NotProven) -> ConnectionSpace
  {
    let ingress = moved(from: .ingress, to: .whole)
    let egress = moved(from: .egress, to: .whole)
    let others = AddressSet.all.subtracting(judging)
    var whole = try ingress.intersection(egress)
      .union(ingress.restricted(from: others)).union(egress.restricted(to: others))
    let ways = gateways.map { ($0.directions, $0.forwarded.moved(from: .forward, to: .whole)) }
    for (directions, forwarded) in ways {
      for (from, to) in directions ?? [(.all, .all)] {
        whole = try whole.union(
          forwarded.restricted(from: from.intersection(others), to: to.intersection(others)))
      }
    }
    var stopped = universe.empty
    var passing = universe.empty
    for (directions, forwarded) in ways {
      for (from, to) in directions ?? [] {
        let crossing = try whole.restricted(from: from, to: to)
        let kept = try crossing.intersection(forwarded)
        stopped = try stopped.union(crossing.subtracting(kept))
        passing = try passing.union(kept)
      }
    }
    return try whole.subtracting(stopped.subtracting(passing))
  }
}

extension Gateway {
  /// From where to where it forwards.
  fileprivate var directions: [(from: AddressSet, to: AddressSet)]? {
    routes?.flatMap { route in
      let (one, other) = (route.one.subtracting(addresses), route.other.subtracting(addresses))
      return [(one, other), (other, one)]
    }
  }
}
