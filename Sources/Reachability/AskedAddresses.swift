package import Addressing
package import Policy

/// Addresses that somebody asks for: a network of the inventory, whether a flow names it or not, or what he has written.
package struct AskedAddresses: Hashable, Sendable {
  /// As he called them.
  package let name: String
  package let addresses: AddressSet

  package init(name: String, addresses: AddressSet) {
    (self.name, self.addresses) = (name, addresses)
  }
}

/// Addresses outside of what was asked for that the policy treats alike.
package struct AskedPart: Sendable {
  /// One of them, and what they are called.
  package let position: Position
  package let area: Area
}

extension ReachGraph {
  /// What is outside of some addresses, and every host that has one of them; the graph was told of them when it was made.
  package func area(of asked: AskedAddresses) -> Area {
    Area(nodes: roles.askedMembers[asked.addresses].map(roles.nodes(of:)) ?? BitSet(count: nodeCount))
  }

  /// The hosts of an area, ascending.
  package func hosts(of area: Area) -> [HostID] {
    area.nodes.members.flatMap { roles.nodes[$0].hosts }.sorted()
  }

  /// The parts of some areas outside from which different hosts can be connected to, or that different hosts can connect to;
  /// empty where every address is treated alike.
  ///
  /// - Parameter asStart: whether connections are looked at that begin there.
  package func unlikeParts(of area: Area, asStart: Bool) -> [AskedPart] {
    let neighbours = neighbours(links)
    var known: Set<BitSet> = []
    var parts: [AskedPart] = []
    for node in area.nodes.members {
      guard let position = roles.nodes[node].outside else { continue }
      let ends =
        asStart
        ? neighbours[node].subtracting(outside)
        : BitSet(
          count: nodeCount,
          neighbours.indices.filter { !outside.contains($0) && neighbours[$0].contains(node) })
      if known.insert(ends).inserted {
        parts.append(AskedPart(position: position, area: Area(nodes: BitSet(count: nodeCount, [node]))))
      }
    }
    return parts.count > 1 ? parts : []
  }
}
