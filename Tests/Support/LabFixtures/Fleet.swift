import Addressing
import Diagnostics
package import Policy

/// Small policies, built without an inventory.
package struct Fleet {
  private var hosts: [(name: String, addresses: [Address], sides: [(String, String)])] = []
  private var peers: [String: (hosts: [String], networks: [Prefix])] = [:]
  private var flows: [(String, String)] = []

  package init() {}

  /// A host; with sides it is a gateway between each two of the peers named.
  package mutating func host(_ name: String, _ addresses: [String], between sides: [(String, String)] = [])
    throws
  {
    hosts.append((name, try addresses.map { try Address(parsing: $0) }.sorted(), sides))
  }

  /// Peers for flows and routes.
  package mutating func peers(_ name: String, hosts: [String] = [], networks: [String] = []) throws {
    peers[name] = (hosts, try networks.map { try Prefix(parsing: $0) })
  }

  /// A flow, by the names of its peers; its service does not matter here.
  package mutating func flow(_ from: String, _ to: String) { flows.append((from, to)) }

  package var policy: Policy {
    let nowhere = SourceLocation(file: "fleet.yaml", line: 1, column: 1)
    let hosts = hosts.sorted { $0.name < $1.name }
    let names = peers.keys.sorted()
    func id(_ name: String) -> PeersID {
      guard let index = names.firstIndex(of: name) else { preconditionFailure("no peers named \(name)") }
      return PeersID(index)
    }
    let managed = AddressSet(hosts.flatMap(\.addresses))
    return Policy(
      hosts: hosts.map { host in
        Host(
          name: host.name, addresses: host.addresses, zone: nil, groups: [], modes: Modes(.enforce),
          deny: .drop,
          forwarding: host.sides.isEmpty ? .deny : .gateway(host.sides.map { Route(id($0), id($1)) }),
          dhcp: false, crown: false, ssh: nil, location: nowhere)
      },
      peers: names.map { name in
        let members = hosts.indices.filter { peers[name]?.hosts.contains(hosts[$0].name) == true }
        let networks = AddressSet(peers[name]?.networks ?? []).subtracting(managed)
        return Peers(
          name: name, hosts: members.map { HostID($0) }, networks: networks,
          addresses: networks.union(AddressSet(members.flatMap { hosts[$0].addresses })))
      },
      services: [],
      flows: flows.map { from, to in
        Flow(
          name: "\(from)-to-\(to)", from: id(from), to: id(to), services: [], why: "a test", owner: nil,
          ticket: nil, until: nil, location: nowhere)
      }, guards: [], zones: [])
  }
}

extension Fleet {
  /// Two zones with a gateway between them, hosts of one and of both families, the internet behind the
  /// gateway too, and an office next to everybody.
  package static func withGateway() throws -> Policy {
    var fleet = Fleet()
    try fleet.host("web-1", ["10.1.0.11", "2001:db8:1::11"])
    try fleet.host("web-2", ["10.1.0.12", "10.1.0.22", "2001:db8:1::12"])
    try fleet.host("db-1", ["10.2.0.11", "2001:db8:2::11"])
    try fleet.host("db-old", ["10.2.0.99"])
    try fleet.host("db-new", ["2001:db8:2::77"])
    try fleet.host(
      "gate", ["10.1.0.1", "10.2.0.1", "2001:db8:1::1", "2001:db8:2::1"],
      between: [("front", "back"), ("internet", "front")])
    try fleet.peers("front", hosts: ["web-1", "web-2"])
    try fleet.peers("back", hosts: ["db-1", "db-old", "db-new"])
    try fleet.peers("internet", networks: ["0.0.0.0/1", "2000::/3"])
    try fleet.peers("office", networks: ["203.0.113.0/24"])
    fleet.flow("office", "front")
    fleet.flow("front", "back")
    fleet.flow("internet", "front")
    return fleet.policy
  }

  /// That many hosts of both families on one side each of a gateway, which is one more.
  package static func large(_ count: Int) throws -> Policy {
    var fleet = Fleet()
    let names = (1...count).map { "host-\($0)" }
    for (number, name) in zip(1..., names) {
      let side = number % 2
      try fleet.host(
        name, ["10.\(side).\(number / 250).\(number % 250 + 1)", "2001:db8:\(side)::\(number + 16)"])
    }
    try fleet.host("gate", ["10.0.255.1", "2001:db8::1"], between: [("even", "odd")])
    try fleet.peers("even", hosts: names.enumerated().filter { $0.offset % 2 == 1 }.map(\.element))
    try fleet.peers("odd", hosts: names.enumerated().filter { $0.offset % 2 == 0 }.map(\.element))
    fleet.flow("even", "odd")
    return fleet.policy
  }
}

extension Fleet {
  /// Nobody at all.
  package static var empty: Policy { Fleet().policy }
}
