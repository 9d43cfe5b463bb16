package import Addressing

/// What a lab consists of: one namespace a node, all of them on one bridge, which also routes between them.
package struct LabPlan: Hashable, Sendable {
  /// Hosts by name, then networks by name.
  package let nodes: [LabNode]

  package init(nodes: [LabNode]) { self.nodes = nodes }

  /// The node of that name.
  package subscript(name: String) -> LabNode? { nodes.first { $0.name == name } }

  /// The name of the gateway that packets between two addresses of the lab cross; `nil`: there is none on
  /// their way, or one of the addresses is not in the lab.
  package func gateway(from source: Address, to destination: Address) -> String? {
    guard let node = nodes.first(where: { $0.addresses.contains(source) }),
      let route = node.routes.first(where: { $0.destination == destination })
    else { return nil }
    return nodes.first { $0.addresses.contains(route.gateway) }?.name
  }
}

/// One namespace of a lab.
package struct LabNode: Hashable, Sendable {
  /// What a node stands for.
  package enum Kind: String, Hashable, Sendable {
    /// A managed host with all its addresses.
    case host
    /// A network that flows use, with one address a family.
    case network
  }

  package let name: String
  package let kind: Kind
  /// Ascending, not empty.
  package let addresses: [Address]
  /// Virtual addresses that it carries, ascending: of each the first of its carriers by name has it.
  package let carried: [LabVirtual]
  /// Whether it forwards packets: gateways.
  package let forwards: Bool
  /// What is reached through a gateway, ascending; everything else is reached directly.
  package let routes: [LabRoute]

  package init(
    name: String, kind: Kind, addresses: [Address], carried: [LabVirtual] = [], forwards: Bool,
    routes: [LabRoute]
  ) {
    self.carried = carried
    self.name = name
    self.kind = kind
    self.addresses = addresses
    self.forwards = forwards
    self.routes = routes
  }

  /// All that it answers to: its own first.
  package var answered: [Address] { addresses + carried.map(\.address) }
}

/// A virtual address of a node, and how it is called.
package struct LabVirtual: Hashable, Comparable, Sendable {
  package let address: Address
  package let name: String

  package init(_ address: Address, _ name: String) {
    self.address = address
    self.name = name
  }

  package static func < (a: Self, b: Self) -> Bool { a.address < b.address }
}

/// A single address that is reached through a gateway.
package struct LabRoute: Hashable, Comparable, Sendable {
  package let destination: Address
  package let gateway: Address

  package init(to destination: Address, via gateway: Address) {
    self.destination = destination
    self.gateway = gateway
  }

  package static func < (a: Self, b: Self) -> Bool { a.destination < b.destination }
}
