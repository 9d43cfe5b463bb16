internal import Addressing
internal import ArgumentParser
internal import Operations
internal import Policy
internal import Reachability

/// Where an intruder is or wants to be: hosts, virtual addresses, networks, or several of these.
struct Whereabouts {
  let text: String
  let hosts: [HostID]
  let virtuals: [PeersID]
  /// Networks of the inventory, and addresses that are written.
  let networks: [AskedAddresses]

  /// - Throws: ``ValidationError`` for what is none of these.
  init(_ text: String, _ option: String, in policy: Policy) throws {
    self.text = text
    var virtuals: [PeersID] = []
    var networks: [AskedAddresses] = []
    var others: [Substring] = []
    for term in text.split(separator: ",", omittingEmptySubsequences: false) {
      let name = String(term.filter { $0 != " " })
      if let network = policy.networks.first(where: { $0.name == name }) {
        networks.append(AskedAddresses(name: name, addresses: network.addresses))
      } else if let index = policy.peers.firstIndex(where: { $0.name == name && !$0.virtuals.isEmpty }) {
        virtuals.append(PeersID(index))
      } else if let peers = policy.peers.first(where: { $0.name == name && !$0.networks.isEmpty }) {
        networks.append(AskedAddresses(name: name, addresses: peers.networks))
        if !peers.hosts.isEmpty { others.append(term) }
      } else if let virtual = policy.virtuals.first(where: { $0.name == name }) {
        networks.append(AskedAddresses(name: name, addresses: AddressSet(virtual.addresses)))
      } else if let range = try Self.addresses(name, option) {
        networks.append(AskedAddresses(name: name, addresses: AddressSet([range])))
      } else {
        others.append(term)
      }
    }
    self.virtuals = virtuals
    self.networks = networks
    hosts =
      others.isEmpty
      ? [] : try HostSelector(text: others.joined(separator: ","), option: option).select(policy)
  }

  /// An address, a prefix, or a range of addresses; `nil`: it is rather a name.
  private static func addresses(_ text: String, _ option: String) throws -> AddressRange? {
    do {
      return try AddressRange(parsing: text)
    } catch {
      // Neither can stand in a name.
      guard text.contains("/") || text.contains(":") else { return nil }
      let meant =
        if case .hostBits(let prefix) = error { "\(prefix)" } else {
          "an address, a prefix such as 192.0.2.0/24, or two addresses with - between"
        }
      throw ValidationError("\(option): '\(text)' is no name, prefix or address; write \(meant)")
    }
  }

  /// - Parameter graph: was told of ``networks``.
  func area(_ graph: ReachGraph) -> Area {
    let named = virtuals.reduce(graph.area(of: hosts)) { $0.union(graph.area(of: $1)) }
    return networks.reduce(named) { $0.union(graph.area(of: $1)) }
  }

  /// The addresses of networks.
  var addresses: AddressSet { networks.reduce(AddressSet()) { $0.union($1.addresses) } }

  /// The hosts, and those that have an address of the networks; ascending.
  func hosts(in policy: Policy) -> [HostID] {
    let addresses = addresses
    if addresses.isEmpty { return hosts }
    let owners = policy.hosts.indices.filter {
      policy.hosts[$0].addresses.contains(where: addresses.contains)
    }
    return Set(hosts + owners.map { HostID($0) }).sorted()
  }
}
