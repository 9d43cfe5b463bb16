public import Policy

/// Some positions of a graph, to begin at or to be reached.
public struct Area: Sendable {
  var nodes: Bits

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

extension Policy {
  /// Whether an intruder must never get to a host.
  public func isCrown(_ host: HostID) -> Bool {
    if self[host].crown { return true }
    guard let zone = self[host].zone else { return false }
    return zones.contains { $0.name == zone && $0.crown }
  }
}
