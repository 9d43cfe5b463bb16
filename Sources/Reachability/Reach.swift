internal import Addressing
package import Policy

/// How far an intruder gets from where he is.
package struct Reach: Sendable {
  private let graph: ReachGraph
  /// By node; 0 at the start, -1 where nobody gets.
  private let distances: [Int]
  private let parents: [Int]
  /// The hosts he gets to with one connection, with two, and so on; ascending. Those he has are in none.
  package private(set) var hosts: [[HostID]]
  /// Of hosts of the start the ways there from the rest of it.
  private var within: [HostID: [PathStep]] = [:]
  /// Outside positions he can connect to, and with how many connections; nearest first.
  package let outside: [(position: Position, hops: Int)]

  init(_ graph: ReachGraph, from area: Area, hops: Int, _ neighbours: [BitSet]) {
    self.graph = graph
    var distances = Array(repeating: -1, count: graph.nodeCount)
    var parents = distances
    area.nodes.forEach { distances[$0] = 0 }
    var frontier = area.nodes.members
    var seen = area.nodes
    var hosts: [[HostID]] = []
    var outside: [(position: Position, hops: Int)] = []
    while !frontier.isEmpty, hosts.count < hops {
      var next: [Int] = []
      for node in frontier {
        let fresh = neighbours[node].subtracting(seen)
        seen.formUnion(fresh)
        next += fresh.members
        fresh.forEach {
          distances[$0] = hosts.count + 1
          parents[$0] = node
        }
      }
      if next.isEmpty { break }
      let depth = hosts.count + 1
      outside += next.compactMap { graph.roles.nodes[$0].outside }.map { ($0, depth) }
      hosts.append(next.flatMap { graph.roles.nodes[$0].hosts }.sorted())
      frontier = next.filter { !graph.outside.contains($0) }.sorted()
    }
    if hosts.last?.isEmpty ?? false { hosts.removeLast() }
    self.distances = distances
    self.parents = parents
    self.hosts = hosts
    self.outside = outside
  }

  /// With how many connections he gets to a host; 0 where he is, `nil` where he does not get.
  package func distance(to host: HostID) -> Int? {
    if let path = within[host] { return path.count }
    let distance = distances[graph.roles.nodeOfHost[host.index]]
    return distance < 0 ? nil : distance
  }

  /// A shortest path to a host; empty where he is, `nil` where he does not get.
  package func path(to host: HostID) -> [PathStep]? {
    if let path = within[host] { return path }
    var node = graph.roles.nodeOfHost[host.index]
    if distances[node] < 0 { return nil }
    var nodes = [node]
    while parents[node] >= 0 {
      node = parents[node]
      nodes.append(node)
    }
    return graph.steps(nodes.reversed(), endingAt: host) { _ in graph.links }
  }

  /// The same of somebody who is on one position of the start and not on all of them: he may get to others of it as well.
  ///
  /// - Parameter paths: to these, one connection at least.
  package func adding(_ paths: [HostID: [PathStep]]) -> Self {
    var result = self
    for (host, path) in paths {
      while result.hosts.count < path.count { result.hosts.append([]) }
      result.hosts[path.count - 1].append(host)
      result.within[host] = path
    }
    result.hosts = result.hosts.map { $0.sorted() }
    return result
  }

  /// Crown jewels that he gets to, nearest first.
  package var crowns: [(host: HostID, hops: Int)] {
    hosts.enumerated().flatMap { index, hosts in
      hosts.filter(graph.policy.isCrown).map { ($0, index + 1) }
    }
  }
}

extension ReachGraph {
  /// - Parameter hops: at most that many connections, one after the other.
  package func reach(from area: Area, hops: Int = .max) -> Reach {
    Reach(self, from: area, hops: hops, neighbours(links))
  }

  /// The same of each of several, however far.
  package func reach(fromEach areas: [Area]) -> [Reach] {
    let neighbours = neighbours(links)
    return areas.map { Reach(self, from: $0, hops: .max, neighbours) }
  }

  /// Shortest paths to some hosts of an area from any other position of it; none to those that nothing there leads to.
  ///
  /// - Parameter hosts: whole roles.
  package func paths(within area: Area, to hosts: [HostID]) -> [HostID: [PathStep]] {
    let neighbours = neighbours(links)
    var paths: [HostID: [PathStep]] = [:]
    for (node, hosts) in Dictionary(grouping: hosts, by: { roles.nodeOfHost[$0.index] }) {
      if neighbours[node].contains(node) {
        for host in hosts { paths[host] = steps([node, node], endingAt: host) { _ in links } }
        continue
      }
      var others = area.nodes
      others.remove(node)
      let reach = Reach(self, from: Area(nodes: others), hops: .max, neighbours)
      for host in hosts { paths[host] = reach.path(to: host) }
    }
    return paths.filter { !$0.value.isEmpty }
  }

  /// A shortest path; `nil` when there is none.
  package func path(from: Area, to: Area) -> [PathStep]? {
    Paths(
      graph: self, links: links, arriving: nil, sources: from.nodes, targets: to.nodes, closed: outside,
      hops: .max
    ).shortest()
  }

  /// The fewest flows without which no path leads from one to the other, whatever the number of hops.
  package func cut(from: Area, to: Area) -> Cut {
    let paths = Paths(
      graph: self, links: links, arriving: nil, sources: from.nodes, targets: to.nodes, closed: outside,
      hops: .max)
    if paths.shortest() == nil { return .separate }
    return paths.removal().map { .flows($0) } ?? .impossible
  }
}

/// What separates two areas.
package enum Cut: Hashable, Sendable {
  /// Nothing leads from one to the other.
  case separate
  case flows(Removal)
  /// A path leads through hosts that do not enforce, and needs no flow.
  case impossible
}
