package import Addressing
package import Policy

/// Flows that an inventory lacks, in its language: a file of its own beside the others.
///
/// Each opens one TCP port of one host, or the service of management, to the host or the network that an address is of. An
/// address that has no name, or only that of very many, gets a network of its own.
package struct MissingFlows: Hashable, Sendable {
  private let policy: Policy?
  private let owners: [Address: String]
  private var networks: [Address: String] = [:]
  private var services: [UInt16: String] = [:]
  private var file = InventoryPart()

  /// - Parameters:
  ///   - policy: whose names are used; `nil`: only those of hosts are known.
  ///   - owners: hosts by their addresses, where there is no policy.
  package init(in policy: Policy?, owners: [Address: String] = [:]) {
    self.policy = policy
    self.owners = owners
  }

  /// Who connects.
  package enum Source: Hashable, Sendable {
    case address(Address)
    /// By a name of the inventory.
    case named(String)
  }

  /// - Parameters:
  ///   - host: of the inventory.
  ///   - port: of TCP; `nil`: the service of management.
  package mutating func add(from source: Source, to host: String, port: UInt16?) {
    let from =
      switch source {
      case .named(let name): name
      case .address(let address): peers(address)
      }
    let service =
      port.map { self.service($0) } ?? policy.flatMap { policy in policy.management.map { policy[$0].name } }
      ?? self.service(22)
    if file.flows.contains(where: { $0.from == [from] && $0.to == [host] && $0.services == [service] }) {
      return
    }
    let taken = Set((policy?.flows ?? []).map(\.name) + file.flows.map(\.name))
    file.flows.append(
      InventoryPart.Flow(
        name: InventoryName.free("\(from)-to-\(host)", besides: taken), from: [from], to: [host],
        services: [service], why: "Somebody logs in from there"))
  }

  /// `nil`: no flow is missing.
  package var text: String? { file.flows.isEmpty ? nil : file.text }

  private mutating func peers(_ address: Address) -> String {
    if let known = policy?.name(of: address) ?? (policy == nil ? owners[address] : nil) { return known }
    if let made = networks[address] { return made }
    let part = "\(address)".map { $0 == ":" || $0 == "." ? "-" : String($0) }.joined()
    let taken = (policy?.namesOfPeers ?? Set(owners.values)).union(networks.values)
    let name = InventoryName.free("login-\(part)", besides: taken)
    networks[address] = name
    file.networks[name] = ["\(address)/\(address.family.bitWidth)"]
    return name
  }

  private mutating func service(_ port: UInt16) -> String {
    if let known = policy?.serviceName(ofTCP: port) ?? services[port] { return known }
    let name = InventoryName.free("login-tcp-\(port)", besides: Set((policy?.services ?? []).map(\.name)))
    services[port] = name
    file.services[name] = ["tcp/\(port)"]
    return name
  }
}

extension Policy {
  /// Who has an address: a host, a virtual address, or the smallest network that has not too many in either family: 65,536 addresses of IPv4, a
  /// /48 of IPv6.
  fileprivate func name(of address: Address) -> String? {
    if let owner = owners[address] { return self[owner].name }
    if let virtual = virtual(of: address) { return self[virtual].name }
    var found: (name: String, size: UInt128)?
    for network in networks where network.addresses.contains(address) {
      func size(_ family: AddressFamily) -> UInt128 {
        network.addresses.ranges(family).reduce(0) { $0 + ($1.upperBound - $1.lowerBound) }
      }
      guard size(.ipv4) < 1 << 16, size(.ipv6) < 1 << 80 else { continue }
      if found.map({ size(address.family) < $0.size }) ?? true {
        found = (network.name, size(address.family))
      }
    }
    return found?.name
  }

  fileprivate var namesOfPeers: Set<String> {
    Set(
      hosts.map(\.name) + groups.map(\.name) + hostGroups.map(\.name) + zones.map(\.name)
        + networks.map(\.name) + virtuals.map(\.name))
  }

  /// The service of management where it has the port; else one that is just it.
  fileprivate func serviceName(ofTCP port: UInt16) -> String? {
    let only = [ServiceTerm(.tcp, .ports(PortSet([port...port])))]
    if let management, self[management].terms.contains(where: { $0.overlaps(only) }) {
      return self[management].name
    }
    return services.first { $0.terms == only && $0.multicast.isEmpty }?.name
  }
}
