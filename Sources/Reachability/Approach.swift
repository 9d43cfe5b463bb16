internal import Addressing
package import Policy

/// From where an intruder gets somewhere, and with how many connections.
package struct Approach: Sendable {
  /// Hosts that are alike in it.
  package struct Origin: Hashable, Sendable {
    /// Ascending; not empty.
    package let hosts: [HostID]
    /// The way of the first of them, a shortest one.
    package let path: [PathStep]
  }

  /// By number of connections less one: whoever gets there with one, with two, and so on.
  package let origins: [[Origin]]
  /// Ways from outside, nearest first, each with its number of connections.
  package let outside: [[PathStep]]

  init(_ graph: ReachGraph, to area: Area, hops: Int) {
    // Against the direction of the connections. Nothing leads through what is outside, so that a way may only begin there.
    let neighbours = graph.neighbours(graph.links)
    var seen = area.nodes
    var frontier = area.nodes
    var origins: [[Origin]] = []
    var outside: [[PathStep]] = []
    while !frontier.isEmpty, origins.count < hops {
      let next = graph.allNodes.subtracting(seen).members.filter { neighbours[$0].intersects(frontier) }
      if next.isEmpty { break }
      var level: [Origin] = []
      for node in next {
        let ways = Paths(
          graph: graph, links: graph.links, arriving: nil, sources: BitSet(count: graph.nodeCount, [node]),
          targets: area.nodes, closed: graph.outside, hops: .max)
        guard let path = ways.shortest(known: neighbours) else { continue }
        if graph.outside.contains(node) {
          outside.append(path)
        } else {
          level.append(Origin(hosts: graph.roles.nodes[node].hosts.sorted(), path: path))
        }
      }
      origins.append(level)
      let fresh = BitSet(count: graph.nodeCount, next)
      seen.formUnion(fresh)
      frontier = fresh.subtracting(graph.outside)
    }
    while origins.last?.isEmpty ?? false { origins.removeLast() }
    self.origins = origins
    self.outside = outside
  }
}

extension ReachGraph {
  /// - Parameter hops: at most that many connections, one after the other.
  package func approach(to area: Area, hops: Int = .max) -> Approach { Approach(self, to: area, hops: hops) }
}
