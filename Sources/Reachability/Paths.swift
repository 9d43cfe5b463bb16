internal import Addressing
internal import Policy

/// Paths that must not be: a witness, and the flows to remove.
struct Paths {
  let graph: ReachGraph
  let links: [Link]
  /// Links of the last connection, where they are others.
  let arriving: [Link]?
  let sources: BitSet
  let targets: BitSet
  let closed: BitSet
  let hops: Int

  /// - Parameter known: the neighbours by ``links``, where they are known already.
  func shortest(known: [BitSet]? = nil) -> [PathStep]? {
    shortest(known ?? graph.neighbours(links), links, arriving)
  }

  private func shortest(_ neighbours: [BitSet], _ links: [Link], _ arriving: [Link]?) -> [PathStep]? {
    let search = PathSearch(
      neighbours: neighbours, last: arriving.map { graph.neighbours($0) }, closed: closed, many: graph.many)
    guard let path = search.path(from: sources, to: targets, hops: hops) else { return nil }
    return graph.steps(path) { $0 == path.count - 2 ? arriving ?? links : links }
  }

  /// The fewest flows without which there is no such path; `nil` where it needs no flow.
  func removal() -> Removal? {
    if arriving == nil, hops >= graph.nodeCount, !sources.intersects(targets),
      let cut = MinimumCut(links, count: graph.nodeCount, many: graph.many)
    {
      return cut.smallest(from: sources, to: targets, closed: closed)
    }
    return RemovalSearch.smallest { removed in
      let isRemoved = BitSet(count: graph.policy.flows.count, removed.map(\.index))
      let isKept = { (link: Link) in !link.flows.contains { isRemoved.contains($0.index) } }
      let kept = links.filter(isKept)
      return shortest(graph.neighbours(kept), kept, arriving?.filter(isKept)).map { steps in
        Set(steps.flatMap(\.flows)).sorted()
      }
    }
  }
}
