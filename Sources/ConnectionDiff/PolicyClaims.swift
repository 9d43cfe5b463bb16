internal import Addressing
internal import ConnectionSpace
internal import Policy

extension Policy {
  /// What its flows allow, flow by flow, service by service; those that are over allow nothing.
  ///
  /// - Parameter stray: where hosts can be reached beside their addresses, by name.
  func claims(at now: Timestamp, reachingAt stray: [String: [Address]] = [:]) -> [Claim] {
    let more = hosts.flatMap { host in (stray[host.name] ?? []).map { (of: host.addresses, $0) } }
    return flows.flatMap { flow -> [Claim] in
      if let until = flow.until, now >= until { return [] }
      return flow.parts.flatMap { part in
        let from = self[part.from].addresses
        let named = self[part.to].addresses
        let to = named.union(
          AddressSet(more.filter { $0.of.contains(where: named.contains) }.map { $0.1 }))
        return flow.services.flatMap { id in
          let service = self[id]
          return service.asked(from: from, to: to).map { rectangle in
            Claim(
              flow: flow.name, location: flow.location, service: service.name,
              connections: .rectangle(rectangle))
          }
        }
      }
    }
  }
}

extension Policy {
  /// What its services send to multicast groups, as a host that takes it sees it.
  var requestsToGroups: [Rectangle] {
    services.filter { !$0.multicast.isEmpty }.flatMap { service in
      service.terms.map { Rectangle(.ingress, $0.ipProtocol, from: .all, to: service.multicast, $0.kinds) }
    }
  }
}

extension Service {
  /// What it asks for between two ends: requests, and answers to requests that go to a group.
  fileprivate func asked(from: AddressSet, to: AddressSet) -> [Rectangle] {
    let destinations = multicast.isEmpty ? to : to.union(multicast)
    return terms.flatMap { term in
      var result = [Rectangle(.whole, term.ipProtocol, from: from, to: destinations, term.kinds)]
      if let replies, case .ports = term.match {
        result.append(Rectangle(.whole, term.ipProtocol, from: to, to: from, .ports(replies)))
      }
      return result + (isOfLink ? askedOnLink(term, from: from, to: destinations) : [])
    }
  }
}

extension Service {
  /// The same where members speak from their link-local addresses.
  private func askedOnLink(_ term: ServiceTerm, from: AddressSet, to: AddressSet) -> [Rectangle] {
    guard term.families.contains(.ipv6), !from.isEmpty(.ipv6) else { return [] }
    var result = [Rectangle(.whole, term.ipProtocol, from: .linkLocal, to: to, term.kinds)]
    if speaksToNeighbours {
      result.append(Rectangle(.whole, term.ipProtocol, from: from, to: .linkLocal, term.kinds))
    }
    if let replies, case .ports = term.match {
      result.append(Rectangle(.whole, term.ipProtocol, from: .linkLocal, to: from, .ports(replies)))
      result.append(Rectangle(.whole, term.ipProtocol, from: to, to: .linkLocal, .ports(replies)))
    }
    return result
  }
}

extension ServiceTerm {
  var kinds: Kinds {
    switch match {
    case .any: .any
    case .ports(let ports): .ports(ports)
    case .types(let types): .types(types)
    }
  }
}
