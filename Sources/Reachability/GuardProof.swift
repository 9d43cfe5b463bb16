internal import Addressing
package import Policy

/// What shows that a guard holds.
package enum GuardProof: Hashable, Sendable {
  /// Nobody gets there, over however many connections.
  case noWay
  /// A nearest way that there is: longer than the guard looks, or over the hosts that it has to pass.
  case nearest([PathStep])
  /// The flows by which connections of those lead there that may; empty: nobody has one.
  case flows([FlowID])
  /// Nothing lets such a connection pass.
  case denied
  /// No flow has it as an end, of so many.
  case untouched(flows: Int)
}

extension GuardChecker {
  /// Of a guard that holds; its place in ``Policy/guards``.
  package func proof(of index: Int) -> GuardProof {
    switch policy.guards[index].statement {
    case .never(let from, let to, let service, _):
      return nearest(from, to, arriving: service.map { policy[$0] })
    case .through(let from, let to, _): return nearest(from, to, arriving: nil)
    case .only(let from, let to, let service):
      return .flows(
        flows(
          from: from.map { graph.nodes(of: $0) } ?? graph.allNodes,
          to: to.map { graph.nodes(of: $0) } ?? graph.allNodes, service.map { policy[$0] }, graph))
    case .expect(_, _, _, false): return .denied
    case .expect(let from, let to, let service, true):
      return .flows(
        flows(from: declared.nodes(of: from), to: declared.nodes(of: to), policy[service], declared))
    case .isolated:
      return .untouched(flows: policy.flows.count { flow in flow.until.map { graph.now < $0 } ?? true })
    }
  }

  private func nearest(_ from: PeersID, _ to: PeersID, arriving service: Service?) -> GuardProof {
    let links = graph.links
    let paths = Paths(
      graph: graph, links: links,
      arriving: service.map { service in links.filter { $0.traffic.holdsSome(of: service) } },
      sources: graph.nodes(of: from), targets: graph.nodes(of: to), closed: graph.outside, hops: .max)
    return paths.shortest(known: neighbours).map { .nearest($0) } ?? .noWay
  }

  /// Flows of links that join two different hosts, or addresses outside, of those.
  private func flows(
    from: BitSet, to: BitSet, _ service: Service?, _ graph: ReachGraph
  ) -> [FlowID] {
    var found: Set<FlowID> = []
    for link in graph.links where service.map(link.traffic.holdsSome) ?? true {
      if pair(link, from, to) != nil { found.formUnion(link.flows) }
    }
    return found.sorted()
  }
}
