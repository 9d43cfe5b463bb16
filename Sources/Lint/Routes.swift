internal import Addressing
internal import Diagnostics
internal import Policy

extension Lint {
  /// Flows that no route covers although a gateway stands beside both of their ends: what passes there is denied.
  ///
  /// Who is beside whom is guessed: see ``Policy/SharedLink``.
  static func flowsWithoutRoute(_ policy: Policy, _ now: Timestamp) -> [Remark] {
    let gateways = policy.hosts.indices.compactMap { index in Gateway(HostID(index), policy) }
    if gateways.isEmpty { return [] }
    var links: [PeersID: [SharedLink: AddressSet]] = [:]
    for flow in policy.flows {
      for end in flow.ends where links[end] == nil { links[end] = policy.links(of: end, gateways) }
    }
    return policy.flows.compactMap { flow -> Remark? in
      if flow.hasEnded(now) { return nil }
      for part in flow.parts {
        guard let froms = links[part.from], let tos = links[part.to] else { continue }
        for gateway in gateways {
          for (from, to) in gateway.pairs(froms, tos) {
            guard let sources = froms[from], let destinations = tos[to],
              !gateways.contains(where: { $0.covers(sources, destinations, policy) }),
              !policy.hasNeighbours(sources, destinations, from, to, but: gateways)
            else { continue }
            return remark(policy, flow, gateway, from, to)
          }
        }
      }
      return nil
    }
  }

  private static func remark(
    _ policy: Policy, _ flow: Flow, _ gateway: Gateway, _ from: SharedLink, _ to: SharedLink
  ) -> Remark {
    let names = [flow.written.from, flow.written.to].map {
      policy[$0].name.contains("/") ? "..." : policy[$0].name
    }
    let host = policy[gateway.id]
    let beside = [from, to].compactMap { gateway.links[$0].map { "\($0)" } }.joined(separator: " and ")
    return Remark(
      .noRoute, flow.name, at: flow.location,
      "the gateway `\(host.name)` stands beside both ends of the flow `\(flow.name)` (\(beside)), and no route "
        + "covers it: where it passes there, it is denied",
      help: "add a route to the gateway: `{between: [\(names.joined(separator: ", "))]}`",
      related: [
        RelatedPlace(location: host.location, length: host.name.count, message: "the gateway")
      ])
  }
}

/// A gateway with what it stands beside.
private struct Gateway {
  let id: HostID
  /// The first of its addresses on each link.
  let links: [SharedLink: Address]
  private let routes: [Route]

  init?(_ id: HostID, _ policy: Policy) {
    guard case .gateway(let routes) = policy[id].forwarding else { return nil }
    self.id = id
    self.routes = routes
    var links: [SharedLink: Address] = [:]
    for address in policy[id].addresses.reversed() {
      for link in policy.links(of: address) { links[link] = address }
    }
    self.links = links
  }

  /// The links at both ends of a flow that the gateway joins.
  func pairs(_ froms: [SharedLink: AddressSet], _ tos: [SharedLink: AddressSet]) -> [(SharedLink, SharedLink)]
  {
    let own = links.keys.sorted()
    return own.filter { froms[$0] != nil }.flatMap { from in
      own.filter { tos[$0] != nil && $0 != from && links[$0]?.family == links[from]?.family }.map {
        (from, $0)
      }
    }
  }

  /// Whether its routes lead from all of some addresses to all of others.
  func covers(_ from: AddressSet, _ to: AddressSet, _ policy: Policy) -> Bool {
    var left = [(from, to)]
    for route in routes {
      for (one, other) in [(route.one, route.other), (route.other, route.one)] {
        let (near, far) = (policy[one].addresses, policy[other].addresses)
        left = left.flatMap { from, to in
          [(from.subtracting(near), to), (from.intersection(near), to.subtracting(far))]
        }
        left.removeAll { $0.0.isEmpty || $0.1.isEmpty }
      }
    }
    return left.isEmpty
  }
}

extension Policy {
  /// The addresses of peers by link, for links that a gateway has an address on; without those of gateways, which are
  /// on all their links themselves.
  fileprivate func links(of peers: PeersID, _ gateways: [Gateway]) -> [SharedLink: AddressSet] {
    let known = Set(gateways.flatMap(\.links.keys))
    var found: [SharedLink: [Address]] = [:]
    for host in self[peers].hosts where !gateways.contains(where: { $0.id == host }) {
      for address in self[host].addresses where known.contains(SharedLink(address)) {
        found[SharedLink(address), default: []].append(address)
      }
    }
    var result = found.mapValues { AddressSet($0) }
    for network in networks where known.contains(.network(network.name)) {
      let own = self[peers].networks.intersection(network.addresses)
        .subtracting(AddressSet(gateways.flatMap { self[$0.id].addresses }))
      if !own.isEmpty { result[.network(network.name)] = own }
    }
    return result
  }

  /// Whether hosts of one end have an address on the link of the other: then they need no gateway.
  fileprivate func hasNeighbours(
    _ from: AddressSet, _ to: AddressSet, _ one: SharedLink, _ other: SharedLink, but gateways: [Gateway]
  ) -> Bool {
    hosts.indices.contains { index in
      if gateways.contains(where: { $0.id == HostID(index) }) { return false }
      let host = hosts[index]
      let links = Set(host.addresses.map { SharedLink($0) })
      return links.contains(other) && host.addresses.contains { from.contains($0) }
        || links.contains(one) && host.addresses.contains { to.contains($0) }
    }
  }
}
