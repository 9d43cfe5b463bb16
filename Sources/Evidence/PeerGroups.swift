package import Addressing
package import Policy

/// Which of few words an address is counted under: as many as an inventory has zones, networks and virtual addresses, and four more.
package struct PeerGroups: Sendable {
  private let groups: [Address: String]
  private let networks: [(addresses: AddressSet, name: String)]

  /// - Parameter policy: `nil`: no inventory is at hand, and addresses are told apart by their kind alone.
  package init(_ policy: Policy?) {
    var groups: [Address: String] = [:]
    for host in policy?.hosts ?? [] {
      for address in host.addresses { groups[address] = host.zone ?? "no zone" }
    }
    for virtual in policy?.virtuals ?? [] {
      for address in virtual.addresses { groups[address] = virtual.name }
    }
    self.groups = groups
    networks = (policy?.networks ?? []).map { ($0.addresses, $0.name) }
  }

  /// The zone of the host that has it, else the narrowest network it is in, else whether it is of a private range.
  package func name(of address: Address) -> String {
    if let group = groups[address] { return group }
    let around = networks.filter { $0.addresses.contains(address) }
    let narrowest = around.first { one in
      !around.contains { $0.addresses != one.addresses && $0.addresses.subtracting(one.addresses).isEmpty }
    }
    if let narrowest { return narrowest.name }
    return Self.isPrivate(address) ? "private addresses" : "public addresses"
  }

  /// RFC 1918, RFC 4193, and link-local addresses.
  private static func isPrivate(_ address: Address) -> Bool { local.contains(address) }

  private static let local = AddressSet(
    [
      Prefix.ipv4LinkLocal, Prefix.ipv6LinkLocal, Prefix.ipv6UniqueLocal,
    ]
      + ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"].compactMap { try? Prefix(parsing: $0) })
}
