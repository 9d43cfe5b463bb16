import Diagnostics
internal import Policy

/// A flow whose names are resolved; its peers are still numbered in order of discovery.
struct ResolvedFlow {
  let draft: FlowDraft
  let name: String
  let written: FlowPart
  /// One, or one for each of ``per``.
  let parts: [FlowPart]
  let per: [String]
  let services: [ServiceID]

  func flow(_ order: [PeersID], location: SourceLocation) -> Flow {
    func final(_ part: FlowPart) -> FlowPart {
      FlowPart(from: order[part.from.index], to: order[part.to.index])
    }
    return Flow(
      name: name, parts: parts.map(final), written: final(written), per: per, services: services,
      why: draft.why, owner: draft.owner, ticket: draft.ticket, until: draft.until, location: location)
  }
}

extension PolicyBuilder {
  /// The flows in order of name.
  mutating func resolveFlows() -> [ResolvedFlow] {
    let named = loader.draft.flows.map { (loader.symbols.name($0.name), $0) }.sorted { $0.0 < $1.0 }
    var result: [ResolvedFlow] = []
    for (name, draft) in named {
      let from = resolve(draft.from, "from", name: "\(name)/from")
      let to = resolve(draft.to, "to", name: "\(name)/to")
      let services = services(draft.service)
      let per = draft.per.map { perNames($0) }
      guard let from, let to, let services else { continue }
      let written = FlowPart(from: from, to: to)
      var parts = [written]
      if let per {
        guard let per, let some = self.parts(written, per: per, of: draft, name) else { continue }
        parts = some
      }
      result.append(
        ResolvedFlow(
          draft: draft, name: name, written: written, parts: parts,
          per: per.flatMap(\.self)?.map(\.name) ?? [], services: services))
    }
    return result
  }

  /// The routes of every gateway, by host in order of name; `nil` for other hosts.
  mutating func resolveRoutes() -> [[Route]?] {
    // The hosts of a range share their routes, and the mistakes in them.
    var known: [NodeID: Route?] = [:]
    return hosts.indices.map { index in
      let draft = loader.draft.hosts[hosts[index]]
      guard case .gateway(let routes) = draft.body.forwarding else { return nil }
      return routes.enumerated().compactMap { number, route in
        if let route = known[route.one] { return route }
        let prefix = "\(name(HostID(index)))/route-\(number + 1)"
        let one = resolve(route.one, "between", name: "\(prefix).one")
        let other = resolve(route.other, "between", name: "\(prefix).other")
        var result: Route?
        if let one, let other {
          result = Route(one, other)
          if one == other {
            loader.error(
              route.other, "both sides of the route are the same", help: "a route joins two different sides")
          }
        }
        known[route.one] = result
        return result
      }
    }
  }
}
