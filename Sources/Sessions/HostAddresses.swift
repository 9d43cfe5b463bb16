package import Addressing
internal import Nftables

/// The addresses by which packets are for a host.
package struct HostAddresses: Sendable {
  package let own: Set<Address>
  private let forMany: Set<Address>

  /// - Parameters:
  ///   - own: those of its links.
  ///   - forMany: the broadcast addresses of its links.
  package init(own: Set<Address>, forMany: Set<Address> = []) {
    self.own = own
    self.forMany = forMany
  }

  /// The hook that packets go through here; `nil`: the host speaks with itself.
  func hook(from source: Address, to destination: Address) -> Hook? {
    switch (own.contains(source), own.contains(destination) || isForMany(destination)) {
    case (true, _): own.contains(destination) ? nil : .output
    case (false, true): .input
    case (false, false): .forward
    }
  }

  /// Whether packets for an address are for this host as well as for others.
  func isForMany(_ address: Address) -> Bool {
    if AddressSet.multicast.contains(address) || Prefix.ipv4Broadcast.contains(address) { return true }
    // A link of one address has that for all of it.
    return forMany.contains(address) && !own.contains(address)
  }
}
