public import Addressing
public import Diagnostics

/// A trust area; a host is in at most one.
public struct Zone: Hashable, Sendable {
  public let name: String
  public let description: String?
  /// Whether its hosts are crown jewels.
  public let crown: Bool
  public let location: SourceLocation

  public init(name: String, description: String?, crown: Bool, location: SourceLocation) {
    self.name = name
    self.description = description
    self.crown = crown
    self.location = location
  }
}

/// A selector that the inventory gives a name, or what hosts say they are in.
public struct Group: Hashable, Sendable {
  public let name: String
  /// The managed hosts of the group, ascending; empty when it is networks alone.
  public let hosts: [HostID]
  /// Addresses of the networks of the group.
  public let networks: AddressSet
  /// The virtual addresses of the group, ascending.
  public let virtuals: [VirtualID]
  /// Whether it says what it is for, or how its hosts are reached, so that it is of use though no selector names it.
  public let servesByItself: Bool
  /// Where it is declared, or the first host names it.
  public let location: SourceLocation

  public init(
    name: String, hosts: [HostID], networks: AddressSet = AddressSet(), virtuals: [VirtualID] = [],
    servesByItself: Bool = false, location: SourceLocation
  ) {
    self.virtuals = virtuals
    self.servesByItself = servesByItself
    self.name = name
    self.hosts = hosts
    self.networks = networks
    self.location = location
  }
}

/// Peers outside that the inventory gives a name.
public struct Network: Hashable, Sendable {
  public let name: String
  /// What is left of its prefixes after the exceptions.
  public let addresses: AddressSet
  public let location: SourceLocation

  public init(name: String, addresses: AddressSet, location: SourceLocation) {
    self.name = name
    self.addresses = addresses
    self.location = location
  }
}

/// A term of a selector, as it is written: `api & tokyo & !canary`.
///
/// The exceptions of a network are a term that only excludes.
public struct WrittenTerm: Hashable, Sendable {
  /// Hosts, groups, zones, networks or `all`.
  public let names: [String]
  /// Those behind a `!`.
  public let excluded: [String]

  public init(names: [String], excluded: [String]) {
    self.names = names
    self.excluded = excluded
  }
}
