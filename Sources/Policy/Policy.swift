/// A validated inventory: every name is resolved, nothing is empty that must not be.
///
/// Only a loader that has checked everything makes one; what takes a `Policy` need not check again.
public struct Policy: Hashable, Sendable {
  /// Sorted by name.
  public let hosts: [Host]
  /// Sorted by name, in the order of their first use afterwards when derived.
  public let peers: [Peers]
  /// Sorted by name.
  public let services: [Service]
  /// Sorted by name.
  public let flows: [Flow]
  /// Sorted by name.
  public let guards: [Guard]
  /// Zone names, sorted, and which of them are crown jewels.
  public let zones: [Zone]
  /// Named selectors, whether a flow uses them or not; sorted by name.
  public let groups: [Group]

  public init(
    hosts: [Host], peers: [Peers], services: [Service], flows: [Flow], guards: [Guard], zones: [Zone],
    groups: [Group] = []
  ) {
    self.hosts = hosts
    self.peers = peers
    self.services = services
    self.flows = flows
    self.guards = guards
    self.zones = zones
    self.groups = groups
  }

  public subscript(id: HostID) -> Host { hosts[id.index] }
  public subscript(id: PeersID) -> Peers { peers[id.index] }
  public subscript(id: ServiceID) -> Service { services[id.index] }
  public subscript(id: FlowID) -> Flow { flows[id.index] }
}

/// A trust area; a host is in at most one.
public struct Zone: Hashable, Sendable {
  public let name: String
  public let description: String?
  /// Whether its hosts are crown jewels.
  public let crown: Bool

  public init(name: String, description: String?, crown: Bool) {
    self.name = name
    self.description = description
    self.crown = crown
  }
}

/// A selector that the inventory gives a name.
public struct Group: Hashable, Sendable {
  public let name: String
  /// The managed hosts of the group, ascending; empty when it is networks alone.
  public let hosts: [HostID]

  public init(name: String, hosts: [HostID]) {
    self.name = name
    self.hosts = hosts
  }
}
