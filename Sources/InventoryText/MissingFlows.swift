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
  private var flows: [Entry] = []

  private struct Entry: Hashable {
    let name: String
    let from: String
    let to: String
    let service: String
  }

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
    if flows.contains(where: { $0.from == from && $0.to == host && $0.service == service }) { return }
    let taken = Set((policy?.flows ?? []).map(\.name) + flows.map(\.name))
    flows.append(
      Entry(name: Name.free("\(from)-to-\(host)", besides: taken), from: from, to: host, service: service))
  }

  /// `nil`: no flow is missing.
  package var text: String? {
    if flows.isEmpty { return nil }
    var lines = ["version: 1"]
    if !networks.isEmpty { lines.append("networks:") }
    for (address, name) in networks.sorted(by: { $0.value < $1.value }) {
      lines.append("  \(Name.yaml(name)): {prefixes: [\"\(address)/\(address.family.bitWidth)\"]}")
    }
    if !services.isEmpty { lines.append("services:") }
    for (port, name) in services.sorted(by: { $0.key < $1.key }) {
      lines.append("  \(Name.yaml(name)): tcp/\(port)")
    }
    lines.append("flows:")
    for flow in flows {
      lines.append("  \(Name.yaml(flow.name)):")
      for (key, value) in [("from", flow.from), ("to", flow.to), ("service", flow.service)] {
        lines.append("    \(key): \(Name.yaml(value))")
      }
      lines.append("    why: Somebody logs in from there")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private mutating func peers(_ address: Address) -> String {
    if let known = policy?.name(of: address) ?? (policy == nil ? owners[address] : nil) { return known }
    if let made = networks[address] { return made }
    let part = "\(address)".map { $0 == ":" || $0 == "." ? "-" : String($0) }.joined()
    let taken = (policy?.namesOfPeers ?? Set(owners.values)).union(networks.values)
    let name = Name.free("login-\(part)", besides: taken)
    networks[address] = name
    return name
  }

  private mutating func service(_ port: UInt16) -> String {
    if let known = policy?.serviceName(ofTCP: port) ?? services[port] { return known }
    let name = Name.free("login-tcp-\(port)", besides: Set((policy?.services ?? []).map(\.name)))
    services[port] = name
    return name
  }
}

/// Names as the inventory has them: `[a-z0-9._-]`, beginning with a letter or a digit, 63 characters at most.
private enum Name {
  private static let longest = 63

  /// Words that some readers of YAML take for no text (YAML 1.1, bool and null).
  private static let words: Set<String> = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"]

  /// As a scalar: in quotes where it may read as anything but a text, such as a number.
  static func yaml(_ name: String) -> String {
    let isPlain = name.utf8.first.map { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) } ?? false
    return isPlain && !words.contains(name) ? name : "\"\(name)\""
  }

  /// The name, or the same with a number where it is taken.
  static func free(_ name: String, besides taken: Set<String>) -> String {
    let whole = String(name.prefix(longest))
    if !taken.contains(whole) { return whole }
    let beginning = name.prefix(longest - 5)
    var number = 2
    while taken.contains("\(beginning)-\(number)") { number += 1 }
    return "\(beginning)-\(number)"
  }
}

extension Policy {
  /// Who has an address: a host, or the smallest network that has not too many in either family: 65,536 addresses of IPv4, a
  /// /48 of IPv6.
  fileprivate func name(of address: Address) -> String? {
    if let owner = owners[address] { return self[owner].name }
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
        + networks.map(\.name))
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
