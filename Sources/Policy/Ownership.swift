public import Addressing

/// Two areas between which a gateway forwards, in both directions.
public struct AreaPair: Hashable, Sendable {
  public let one: AddressSet
  public let other: AddressSet

  public init(_ one: AddressSet, _ other: AddressSet) {
    self.one = one
    self.other = other
  }

  /// Whether a connection between two addresses crosses from one area to the other.
  public func joins(_ source: Address, _ destination: Address) -> Bool {
    one.contains(source) && other.contains(destination)
      || other.contains(source) && one.contains(destination)
  }
}

extension Policy {
  /// The addresses of all hosts, and the virtual ones.
  public var managed: AddressSet {
    AddressSet(hosts.flatMap(\.addresses) + virtuals.flatMap(\.addresses))
  }

  /// The host that has each address; virtual ones are no host's.
  public var owners: [Address: HostID] {
    var owners: [Address: HostID] = [:]
    for (index, host) in hosts.enumerated() {
      for address in host.addresses { owners[address] = HostID(index) }
    }
    return owners
  }

  /// The host of a name.
  public func host(named name: String) -> HostID? {
    // Hosts are sorted by name.
    var low = 0
    var high = hosts.count
    while low < high {
      let middle = (low + high) / 2
      if hosts[middle].name < name { low = middle + 1 } else { high = middle }
    }
    return low < hosts.count && hosts[low].name == name ? HostID(low) : nil
  }

  /// The areas between which a host is a gateway; `nil` where it is none.
  public func areas(of host: Host) -> [AreaPair]? {
    guard case .gateway(let routes) = host.forwarding else { return nil }
    return routes.map { AreaPair(area($0.one), area($0.other)) }
  }

  /// The same of the host of a name.
  public func areas(ofHost name: String) -> [AreaPair]? { host(named: name).flatMap { areas(of: self[$0]) } }

  /// Whether an intruder must never get to a host: it is a crown jewel, or in a zone of them.
  public func isCrown(_ host: HostID) -> Bool {
    if self[host].crown { return true }
    guard let zone = self[host].zone else { return false }
    return zones.contains { $0.name == zone && $0.crown }
  }

  /// The names of the crown jewels.
  public var crownNames: Set<String> {
    Set(hosts.indices.filter { isCrown(HostID($0)) }.map { hosts[$0].name })
  }
}
