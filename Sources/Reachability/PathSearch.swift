internal import Addressing

/// Shortest paths from some nodes to others.
struct PathSearch {
  /// Where connections lead from each node.
  let neighbours: [BitSet]
  /// The same for the last connection of a path, where it differs.
  var last: [BitSet]?
  /// Nodes that no path leads through.
  let closed: BitSet
  /// Nodes with several members, whose paths may come back to them.
  let many: BitSet

  /// A shortest path of at most `hops` connections between different hosts; `nil`: there is none.
  func path(from sources: BitSet, to targets: BitSet, hops: Int = .max) -> [Int]? {
    if let path = pathBetweenNodes(from: sources, to: targets, hops), isBetweenHosts(path) { return path }
    // A host that is source and target at once is reached from the others only.
    let alone = sources.intersection(targets).subtracting(many)
    if alone.isEmpty { return nil }
    var best = pathBetweenNodes(from: sources, to: targets.subtracting(alone), hops)
    for node in alone.members {
      var others = sources
      others.remove(node)
      let path = pathBetweenNodes(from: others, to: BitSet(count: neighbours.count, [node]), hops)
      if let path, path.count < best?.count ?? .max { best = path }
    }
    return best
  }

  private func isBetweenHosts(_ path: [Int]) -> Bool {
    guard let first = path.first, let last = path.last else { return false }
    return first != last || many.contains(first)
  }

  /// A path of at least one connection.
  private func pathBetweenNodes(from sources: BitSet, to targets: BitSet, _ hops: Int) -> [Int]? {
    var parent = Array(repeating: -1, count: neighbours.count)
    var seen = sources
    var frontier = sources.members
    var depth = 1
    while depth <= hops, !frontier.isEmpty {
      for node in frontier {
        let arrival = (last ?? neighbours)[node].intersection(targets)
        guard let target = arrival.first else { continue }
        var path = [target, node]
        var at = node
        while parent[at] >= 0 {
          at = parent[at]
          path.append(at)
        }
        return path.reversed()
      }
      var next: [Int] = []
      for node in frontier {
        let fresh = neighbours[node].subtracting(seen)
        fresh.forEach { parent[$0] = node }
        seen.formUnion(fresh)
        next += fresh.subtracting(closed).members
      }
      frontier = next
      depth += 1
    }
    return nil
  }
}
