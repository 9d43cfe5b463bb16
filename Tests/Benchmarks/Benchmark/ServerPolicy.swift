import Addressing
import Diagnostics
import Nftables
import Policy
import RulesetCompiler

/// A server with many clients and some services beside the one that is measured.
struct ServerPolicy {
  /// In network order.
  let clients: [UInt32]
  /// Whether those who knock on its closed doors are cut off.
  var hasTripwire = false

  /// What the server's policy compiles to.
  func table() -> Table {
    let place = SourceLocation(file: "benchmark", line: 1, column: 1)
    let server = Address(.ipv4, UInt128(0x0aff_ff01))
    let addresses = clients.map { Address(.ipv4, UInt128(UInt32(bigEndian: $0))) }
    func host(_ name: String, _ address: Address) -> Host {
      Host(
        name: name, addresses: [address], zone: nil, groups: [], modes: Modes(.enforce), deny: .drop,
        forwarding: .leave, dhcp: false, crown: false, ssh: nil, location: place)
    }
    let hosts = addresses.enumerated().map { host("client-\($0)", $1) } + [host("server", server)]
    let serverID = HostID(hosts.count - 1)
    func peers(_ name: String, _ ids: [HostID]) -> Peers {
      Peers(
        name: name, hosts: ids, networks: AddressSet([Address]()),
        addresses: AddressSet(ids.flatMap { hosts[$0.index].addresses }))
    }
    let all = [
      peers("clients", (0..<addresses.count).map { HostID($0) }),
      peers("neighbours", (0..<40).map { HostID($0) }), peers("server", [serverID]),
    ]
    let services = (0..<16).map { number in
      let port = TrafficFigures.port + UInt16(number)
      return Service(
        name: "s\(10 + number)", terms: [ServiceTerm(.udp, .ports(PortSet([port...port])))],
        multicast: AddressSet([Address]()), location: place)
    }
    let flows = services.indices.map { number in
      Flow(
        name: "f\(10 + number)", from: PeersID(number == 0 ? 0 : 1), to: PeersID(2),
        services: [ServiceID(number)], why: "benchmark", owner: nil, ticket: nil, until: nil, location: place)
    }
    let tripwire = Tripwire(
      name: "scan", on: PeersID(2), from: PeersID(1), spare: nil, trigger: .doors(20, within: 60), cut: 3600,
      why: "benchmark", location: place)
    let policy = Policy(
      hosts: hosts, peers: all, services: services, flows: flows, guards: [], zones: [],
      tripwires: hasTripwire ? [tripwire] : [])
    let policies = HostPolicies(policy)
    return RulesetCompiler(policy, policies).compile(policies[serverID])
  }
}
