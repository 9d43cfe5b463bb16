internal import Addressing
internal import Policy

extension GuardChecker {
  /// A connection of a service from one to the other that flows do not allow.
  ///
  /// Each host of one has to reach each other host of the other, in every family that the two share and the service is
  /// for, at every port. A network is one end as a whole.
  func missing(from: PeersID, to: PeersID, _ service: Service) -> Finding? {
    let wanted = Dictionary(
      uniqueKeysWithValues: AddressFamily.allCases.map { family in
        (family, service.terms.filter { $0.families.contains(family) })
      })
    let links = declared.links.filter { $0.flows.isEmpty || $0.traffic.holdsSome(of: service) }
    for source in ends(of: from) {
      for destination in ends(of: to) {
        if source.node != nil, source.node == destination.node,
          !declared.many.contains(source.node ?? 0)
        {
          continue
        }
        guard let what = denied(source.points, destination.points, wanted, links) else { continue }
        let start = declared.position(of: declared.roles.points[source.points[0]].node)
        let end = declared.position(
          of: declared.roles.points[destination.points[0]].node, not: [start])
        return (.missing(MissingConnection(from: start, to: end, what: what.first)), .allow)
      }
    }
    return nil
  }

  /// - Returns: `nil` when nothing is denied; empty where the two cannot meet.
  private func denied(
    _ sources: [Int], _ destinations: [Int], _ wanted: [AddressFamily: [ServiceTerm]], _ links: [Link]
  ) -> [MissingConnection.Asked]? {
    var meet = false
    for source in sources {
      let family = declared.roles.points[source].family
      guard let terms = wanted[family], !terms.isEmpty else { continue }
      for destination in destinations where declared.roles.points[destination].family == family {
        meet = true
        let given = links.filter {
          $0.sources.contains(source) && $0.destinations.contains(destination)
        }.map(\.traffic)
        for term in terms {
          if let rest = Traffic.missing(term, in: given) {
            return [MissingConnection.Asked(family: family, term: ServiceTerm(term.ipProtocol, rest))]
          }
        }
      }
    }
    return meet ? nil : []
  }

  private struct End {
    /// `nil` for a network.
    let node: Int?
    let points: [Int]
  }

  private func ends(of peers: PeersID) -> [End] {
    let roles = declared.roles
    let hosts = roles.hostMembers[peers.index].intersection(roles.members[peers.index])
    var result = roles.nodes(of: hosts).members.map { node in
      End(node: node, points: hosts.members.filter { roles.points[$0].node == node })
    }
    let others = roles.members[peers.index].subtracting(hosts).members
    if !others.isEmpty { result.append(End(node: nil, points: others)) }
    return result
  }
}
