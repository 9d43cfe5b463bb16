public import Addressing
public import Diagnostics

/// Index of virtual addresses in ``Policy/virtuals``; they are sorted by name.
public struct VirtualID: Hashable, Comparable, Sendable {
  public let index: Int

  public init(_ index: Int) { self.index = index }

  public static func < (a: Self, b: Self) -> Bool { a.index < b.index }
}

/// Addresses that any of several hosts may carry: one at a time (VRRP, RFC 9568), or several at once (anycast).
public struct Virtual: Hashable, Sendable {
  public let name: String
  /// Not empty, ascending; no host's own, and in no other virtual addresses.
  public let addresses: [Address]
  /// Ascending, not empty.
  public let carriers: [HostID]
  /// These addresses and nothing else.
  public let peers: PeersID
  public let location: SourceLocation

  public init(
    name: String, addresses: [Address], carriers: [HostID], peers: PeersID, location: SourceLocation
  ) {
    self.name = name
    self.addresses = addresses
    self.carriers = carriers
    self.peers = peers
    self.location = location
  }
}

extension Policy {
  public subscript(id: VirtualID) -> Virtual { virtuals[id.index] }

  /// For each host the virtual addresses that it may carry, ascending.
  public var carried: [[Address]] {
    var carried = [[Address]](repeating: [], count: hosts.count)
    for virtual in virtuals {
      for host in virtual.carriers { carried[host.index] += virtual.addresses }
    }
    return virtuals.count > 1 ? carried.map { $0.sorted() } : carried
  }

  /// The virtual addresses that one host may carry.
  public func carried(by host: HostID) -> [Address] {
    virtuals.filter { $0.carriers.contains(host) }.flatMap(\.addresses).sorted()
  }

  /// The virtual addresses that an address is one of.
  public func virtual(of address: Address) -> VirtualID? {
    virtuals.firstIndex { $0.addresses.contains(address) }.map { VirtualID($0) }
  }

  /// The hosts that may carry some addresses of peers, beside those that the peers name; ascending.
  package func carriers(of peers: Peers) -> [HostID] {
    Set(peers.virtuals.flatMap { self[$0].carriers }).sorted()
  }

  /// The addresses on a side of a route: those of its peers, and the virtual addresses that one of its hosts may carry.
  public func area(_ side: PeersID) -> AddressSet {
    let peers = self[side]
    if virtuals.isEmpty { return peers.addresses }
    let hosts = Set(peers.hosts)
    return virtuals.filter { !hosts.isDisjoint(with: $0.carriers) }.reduce(peers.addresses) {
      $0.union(AddressSet($1.addresses))
    }
  }
}
