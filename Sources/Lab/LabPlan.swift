public import Addressing

/// What a lab consists of: one namespace a node, all of them on one bridge, which also routes between them.
public struct LabPlan: Hashable, Sendable {
  /// Hosts by name, then networks by name.
  public let nodes: [LabNode]

  public init(nodes: [LabNode]) { self.nodes = nodes }

  /// The node of that name.
  public subscript(name: String) -> LabNode? { nodes.first { $0.name == name } }

  /// The name of the gateway that packets between two addresses of the lab cross; `nil`: there is none on
  /// their way, or one of the addresses is not in the lab.
  public func gateway(from source: Address, to destination: Address) -> String? {
    guard let node = nodes.first(where: { $0.addresses.contains(source) }),
      let route = node.routes.first(where: { $0.destination == destination })
    else { return nil }
    return nodes.first { $0.addresses.contains(route.gateway) }?.name
  }
}

/// One namespace of a lab.
public struct LabNode: Hashable, Sendable {
  /// What a node stands for.
  public enum Kind: String, Hashable, Sendable {
    /// A managed host with all its addresses.
    case host
    /// A network that flows use, with one address a family.
    case network
  }

  public let name: String
  public let kind: Kind
  /// Ascending, not empty.
  public let addresses: [Address]
  /// Whether it forwards packets: gateways.
  public let forwards: Bool
  /// What is reached through a gateway, ascending; everything else is reached directly.
  public let routes: [LabRoute]

  public init(name: String, kind: Kind, addresses: [Address], forwards: Bool, routes: [LabRoute]) {
    self.name = name
    self.kind = kind
    self.addresses = addresses
    self.forwards = forwards
    self.routes = routes
  }
}

/// A single address that is reached through a gateway.
public struct LabRoute: Hashable, Comparable, Sendable {
  public let destination: Address
  public let gateway: Address

  public init(to destination: Address, via gateway: Address) {
    self.destination = destination
    self.gateway = gateway
  }

  public static func < (a: Self, b: Self) -> Bool { a.destination < b.destination }
}
