internal import Addressing
package import Policy

/// Some positions of a graph, to begin at or to be reached.
package struct Area: Sendable {
  var nodes: BitSet

  package var isEmpty: Bool { nodes.isEmpty }

  package func intersects(_ other: Self) -> Bool { nodes.intersects(other.nodes) }

  package func union(_ other: Self) -> Self { Self(nodes: nodes.union(other.nodes)) }
}

extension ReachGraph {
  /// Hosts that a flow or a guard names together, or that the graph was told of when it was made.
  package func area(of hosts: [HostID]) -> Area { Area(nodes: nodes(of: hosts)) }

  /// What is outside of some peers, and every host that has one of their addresses.
  package func area(of peers: PeersID) -> Area { Area(nodes: nodes(of: peers)) }

  /// Everything outside.
  package var everythingOutside: Area { Area(nodes: outside) }
}
