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
  /// Sorted by name.
  public let tripwires: [Tripwire]
  /// Zone names, sorted, and which of them are crown jewels.
  public let zones: [Zone]
  /// Named selectors, whether a flow uses them or not; sorted by name.
  public let groups: [Group]
  /// Groups that are there because hosts name them; sorted by name.
  public let hostGroups: [Group]
  /// Sorted by name.
  public let networks: [Network]
  /// Sorted by name.
  public let virtuals: [Virtual]
  /// The terms of all selectors; nothing that passes depends on how they are worded.
  public let terms: [WrittenTerm]
  /// The service by which hosts are managed; `nil`: the inventory does not say.
  public let management: ServiceID?
  /// The netlink group (NFLOG) to which kernels give copies of some packets that nothing allows; `nil`: to none.
  public let logGroup: UInt16?

  public init(
    hosts: [Host], peers: [Peers], services: [Service], flows: [Flow], guards: [Guard], zones: [Zone],
    groups: [Group] = [], hostGroups: [Group] = [], networks: [Network] = [], terms: [WrittenTerm] = [],
    management: ServiceID? = nil, logGroup: UInt16? = nil, tripwires: [Tripwire] = [],
    virtuals: [Virtual] = []
  ) {
    self.virtuals = virtuals
    self.tripwires = tripwires
    self.logGroup = logGroup
    self.hosts = hosts
    self.peers = peers
    self.services = services
    self.flows = flows
    self.guards = guards
    self.zones = zones
    self.groups = groups
    self.hostGroups = hostGroups
    self.networks = networks
    self.terms = terms
    self.management = management
  }

  /// The same policy with other hosts, each in the place of one.
  package func with(hosts: [Host]) -> Self {
    Self(
      hosts: hosts, peers: peers, services: services, flows: flows, guards: guards, zones: zones,
      groups: groups,
      hostGroups: hostGroups, networks: networks, terms: terms, management: management, logGroup: logGroup,
      tripwires: tripwires, virtuals: virtuals)
  }

  public subscript(id: HostID) -> Host { hosts[id.index] }
  public subscript(id: PeersID) -> Peers { peers[id.index] }
  public subscript(id: ServiceID) -> Service { services[id.index] }
  public subscript(id: FlowID) -> Flow { flows[id.index] }
  public subscript(id: TripwireID) -> Tripwire { tripwires[id.index] }
}
