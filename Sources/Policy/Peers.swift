public import Addressing

/// Index of a set of peers in ``Policy/peers``.
public struct PeersID: Hashable, Comparable, Sendable {
  public let index: Int

  public init(_ index: Int) { self.index = index }

  public static func < (a: Self, b: Self) -> Bool { a.index < b.index }
}

/// One end of a flow: managed hosts, virtual addresses, outside networks, or several of these. Never empty.
public struct Peers: Hashable, Sendable {
  /// How an engineer calls them, unique in the policy: `api` when a selector is one name, else the
  /// flow's end, such as `api-to-db/from` (`/` cannot stand in a name of the inventory).
  public let name: String
  /// Managed hosts, ascending.
  public let hosts: [HostID]
  /// Outside prefixes after their exceptions; may contain addresses of managed hosts only where the
  /// inventory did not except them.
  public let networks: AddressSet
  /// Ascending.
  public let virtuals: [VirtualID]
  /// Addresses of ``hosts`` and of ``virtuals`` together with ``networks``.
  public let addresses: AddressSet

  public init(
    name: String, hosts: [HostID], networks: AddressSet, addresses: AddressSet, virtuals: [VirtualID] = []
  ) {
    self.virtuals = virtuals
    self.name = name
    self.hosts = hosts
    self.networks = networks
    self.addresses = addresses
  }

  /// Whether these peers are that one host and nothing else: what it sends itself stays on its loopback.
  package func isOnly(_ host: HostID) -> Bool { hosts == [host] && networks.isEmpty && virtuals.isEmpty }

  /// Whether peers of this name are an end of a flow, or a part of one, rather than what the inventory names.
  public static func isDerived(_ name: String) -> Bool { name.contains("/") }
}
