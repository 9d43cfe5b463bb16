internal import Addressing
internal import Diagnostics
internal import Policy

/// Peers of one kind at an end of a flow: the hosts with the same families, or the networks.
private struct PeerKind {
  let families: Set<AddressFamily>
  /// Empty for networks.
  let hosts: HostSet
  let isNetwork: Bool
  /// How messages call it: its first host and how many more, or what the selector's networks are.
  let example: String

  var verb: String { hosts.count > 1 ? "have" : "has" }
}

/// A part of a flow between networks that no gateway forwards, as text.
private struct RouteGap {
  let from: String
  let to: String
}

extension AddressSet {
  fileprivate func only(_ family: AddressFamily) -> Self {
    family == .ipv4 ? Self(ipv4: ipv4) : Self(ipv6: ipv6)
  }
}

extension PolicyBuilder {
  /// What a flow opens is decided by kinds of peers, never by pairs.
  mutating func checkFlows(_ flows: [ResolvedFlow], _ routes: [[Route]?]) {
    let kinds = FamilyKinds(hosts.indices.map { Set(addresses.addresses(of: HostID($0)).map(\.family)) })
    let routes = routes.flatMap { $0 ?? [] }
    for flow in flows { check(flow, kinds, routes) }
  }

  private mutating func check(_ flow: ResolvedFlow, _ kinds: FamilyKinds, _ routes: [Route]) {
    let services = flow.services.map { self.services[$0.index] }
    // A service with a mistake of its own has no terms: nothing more is said about its flows.
    guard services.allSatisfy({ !$0.terms.isEmpty }) else { return }
    let families = services.map { Self.families($0) }
    for (node, ends) in [(flow.draft.from, flow.parts.map(\.from)), (flow.draft.to, flow.parts.map(\.to))]
    where ends.contains(where: { !peers[$0].virtuals.isEmpty }) {
      guard let service = services.first(where: { !$0.multicast.isEmpty }) else { break }
      loader.error(
        node, "the service `\(service.name)` goes to groups, and no virtual address takes part in those",
        help: "hosts speak to a group by an address of their own: name those that carry the address")
    }
    let isGood = flow.parts.indices.map { index in
      let place = flow.per.isEmpty ? "" : " in `\(flow.per[index])`"
      return check(flow, flow.parts[index], place, families, kinds, routes)
    }
    let openingServices = isGood.reduce(into: Set<Int>()) { $0.formUnion($1 ?? []) }
    guard isGood.allSatisfy({ $0 != nil }) else { return }
    if openingServices.isEmpty {
      return loader.note(
        flow.draft.key, "the flow \(quoted(flow.draft.name)) opens nothing: a host always reaches itself",
        help: "remove it, or name another host")
    }
    for index in services.indices where !openingServices.contains(index) {
      loader.warning(
        flow.draft.service,
        "the service `\(services[index].name)` opens nothing in this flow: it is \(Self.text(families[index])) only",
        help: "remove it from the flow, or give the ends addresses of that family")
    }
  }

  /// - Parameters:
  ///   - place: which of `per` the part is, for messages.
  ///   - families: in which each service of the flow can reach anything.
  /// - Returns: Which services open something, by their place in the flow: none where the part is one host alone. `nil`: it
  ///   opens nothing, which was said.
  private mutating func check(
    _ flow: ResolvedFlow, _ part: FlowPart, _ place: String, _ families: [Set<AddressFamily>],
    _ kinds: FamilyKinds, _ routes: [Route]
  ) -> Set<Int>? {
    let all = families.reduce(into: Set()) { $0.formUnion($1) }
    var openingServices: Set<Int> = []
    var closed: (PeerKind, PeerKind)?
    var unrouted: RouteGap?
    let froms = peerKinds(part.from, "from", kinds)
    let tos = peerKinds(part.to, "to", kinds)
    // Hosts whose addresses are all wrong have been reported already.
    guard !froms.isEmpty, !tos.isEmpty else { return nil }
    for from in froms {
      for to in tos {
        if from.hosts.count == 1, from.hosts == to.hosts { continue }
        let shared = from.families.intersection(to.families)
        var isOpen = !shared.isDisjoint(with: all)
        if isOpen, from.isNetwork, to.isNetwork {
          let coverage = routeCoverage(part, shared.intersection(all), routes)
          isOpen = coverage.isRouted
          if isOpen { unrouted = coverage.gap }
        }
        if isOpen {
          for (index, families) in families.enumerated() where !families.isDisjoint(with: shared) {
            openingServices.insert(index)
          }
        } else if closed == nil {
          closed = (from, to)
        }
      }
    }
    if let (from, to) = closed {
      let isNetworks =
        from.isNetwork && to.isNetwork && !from.families.intersection(to.families).isDisjoint(with: all)
      let reason =
        isNetworks
        ? "no gateway has a route between the two networks"
        : "\(from.example) \(from.verb) \(Self.text(from.families)), \(to.example) \(Self.text(to.families)), the service \(Self.text(all))"
      let help =
        isNetworks
        ? "managed hosts enforce flows: give a gateway `routes` between them, or remove the flow"
        : "give both ends addresses of one family, or name other ends"
      guard !openingServices.isEmpty else {
        loader.error(
          flow.draft.key, "the flow \(quoted(flow.draft.name)) opens nothing\(place): \(reason)", help: help)
        return nil
      }
      loader.warning(
        flow.draft.key, "a part of the flow \(quoted(flow.draft.name)) opens nothing\(place): \(reason)",
        help: help)
    }
    if let unrouted {
      loader.warning(
        flow.draft.key,
        "a part of the flow \(quoted(flow.draft.name)) opens nothing: no gateway has a route between "
          + "\(unrouted.from) and \(unrouted.to)",
        help: "give a gateway `routes` between them, or name the smaller networks that are meant")
    }
    return openingServices
  }

  /// The families in which a service can reach anything.
  private static func families(_ service: Service) -> Set<AddressFamily> {
    let families = Set(service.terms.flatMap(\.families))
    return service.multicast.isEmpty ? families : families.intersection(service.multicast.families)
  }

  private func peerKinds(_ id: PeersID, _ end: String, _ kinds: FamilyKinds) -> [PeerKind] {
    let selection = peers[id]
    var result: [PeerKind] = []
    for (families, hosts) in kinds.sets {
      let chosen = hosts.intersection(selection.hosts)
      guard let first = chosen.first else { continue }
      result.append(
        PeerKind(
          families: families, hosts: chosen, isNetwork: false,
          example: listed(["`\(name(first))`"], of: chosen.count)))
    }
    for index in selection.virtuals.members where !virtualAddresses[index].isEmpty {
      result.append(
        PeerKind(
          families: Set(virtualAddresses[index].map(\.family)), hosts: HostSet(count: hosts.count),
          isNetwork: false, example: quoted(loader.draft.virtuals[virtualOrder[index]].name)))
    }
    if !selection.networks.isEmpty {
      result.append(
        PeerKind(
          families: Set(selection.networks.families), hosts: HostSet(count: hosts.count), isNetwork: true,
          example: "the network of `\(end)`"))
    }
    return result
  }

  /// What gateways forward of a flow between networks.
  private func routeCoverage(
    _ part: FlowPart, _ families: Set<AddressFamily>, _ routes: [Route]
  ) -> (isRouted: Bool, gap: RouteGap?) {
    let (from, to) = (peers[part.from].networks, peers[part.to].networks)
    let sides = routes.flatMap { route in
      let (one, other) = (addresses(of: route.one), addresses(of: route.other))
      return [(near: one, far: other), (near: other, far: one)]
    }
    var isRouted = false
    var gap: RouteGap?
    for family in families.sorted() {
      let whole = (from: from.only(family), to: to.only(family))
      var open: [(from: AddressSet, to: AddressSet)] = [whole]
      for side in sides {
        let near = whole.from.intersection(side.near)
        let far = whole.to.intersection(side.far)
        if near.isEmpty || far.isEmpty { continue }
        isRouted = true
        // So many pieces come of no inventory that anybody wrote by hand: then none is looked for.
        if open.count > Self.mostPieces { open = [] }
        open = open.flatMap { piece in
          [
            (piece.from.subtracting(near), piece.to),
            (piece.from.intersection(near), piece.to.subtracting(far)),
          ].filter { !$0.0.isEmpty && !$0.1.isEmpty }
        }
      }
      if gap == nil, let piece = open.first {
        gap = RouteGap(from: Self.text(piece.from, family), to: Self.text(piece.to, family))
      }
    }
    return (isRouted, gap)
  }

  private static let mostPieces = 1000

  private func addresses(of id: PeersID) -> AddressSet {
    addresses(of: peers[id])
  }

  /// The first addresses of a set, and how many ranges follow.
  private static func text(_ set: AddressSet, _ family: AddressFamily) -> String {
    let ranges = set.ranges(family)
    let shown = ranges.prefix(2).map { range -> String in
      let (low, high) = (Address(family, range.lowerBound), Address(family, range.upperBound))
      return low == high ? "`\(low)`" : "`\(low)-\(high)`"
    }
    return listed(shown, of: ranges.count, noun: "ranges")
  }

  private static func text(_ families: Set<AddressFamily>) -> String {
    families.isEmpty ? "no family" : families.sorted().map { "IP\($0.suffix)" }.joined(separator: " and ")
  }
}

/// The hosts by the families of their addresses.
private struct FamilyKinds {
  /// At most three, in a fixed order.
  let sets: [(families: Set<AddressFamily>, hosts: HostSet)]

  init(_ families: [Set<AddressFamily>]) {
    let combinations: [Set<AddressFamily>] = [[.ipv4], [.ipv6], [.ipv4, .ipv6]]
    sets = combinations.map { combination in
      var hosts = HostSet(count: families.count)
      for (index, own) in families.enumerated() where own == combination { hosts.insert(HostID(index)) }
      return (combination, hosts)
    }
  }
}
