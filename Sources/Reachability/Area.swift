internal import Addressing
public import Policy

/// Some positions of a graph, to begin at or to be reached.
public struct Area: Sendable {
  var nodes: BitSet

  public var isEmpty: Bool { nodes.isEmpty }

  public func intersects(_ other: Self) -> Bool { nodes.intersects(other.nodes) }

  public func union(_ other: Self) -> Self { Self(nodes: nodes.union(other.nodes)) }
}

extension ReachGraph {
  /// Hosts that a flow or a guard names together, or that the graph was told of when it was made.
  public func area(of hosts: [HostID]) -> Area { Area(nodes: nodes(of: hosts)) }

  /// What is outside of some peers, and every host that has one of their addresses.
  public func area(of peers: PeersID) -> Area { Area(nodes: nodes(of: peers)) }

  /// Everything outside.
  public var everythingOutside: Area { Area(nodes: outside) }
}
