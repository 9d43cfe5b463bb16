import Addressing
import Policy
import PolicyFixtures
import Reachability
import Testing

/// Addresses that are asked for, whether flows name them or not: as if each were asked for alone.
@Suite struct AskedAddressesTests {
  private static let now = Timestamp(seconds: 0)

  /// The prefix of four addresses that an address is in.
  private static func four(_ address: Address) -> Prefix {
    Prefix(containing: address, length: address.family.bitWidth - 2)
  }

  private static func graph(_ policy: Policy, _ asked: AskedAddresses) -> ReachGraph {
    ReachGraph(
      policy, at: now, marking: policy.hosts.indices.map { [HostID($0)] }, asked: [asked])
  }

  @Test(arguments: 0..<60) func `from some addresses is from any one of them, and to them to any one`(
    seed: UInt64
  ) throws {
    let policy = RandomPolicy(seed: seed).policy
    for address in policy.hosts.flatMap(\.addresses).prefix(4) {
      let prefix = Self.four(address)
      let asked = AskedAddresses(name: "four", addresses: AddressSet([prefix]))
      let graph = Self.graph(policy, asked)
      let area = graph.area(of: asked)
      let reach = graph.reach(from: area)
      var nearest: [HostID: Int] = [:]
      var approaching: [HostID: Int] = [:]
      var held: Set<HostID> = []
      var results: Set<[Int?]> = []
      for bits in prefix.range {
        let one = AskedAddresses(name: "one", addresses: AddressSet([Address(prefix.family, bits)]))
        let single = Self.graph(policy, one)
        let start = single.area(of: one)
        held.formUnion(single.hosts(of: start))
        let from = single.reach(from: start)
        if single.hosts(of: start).isEmpty {
          results.insert(policy.hosts.indices.map { from.distance(to: HostID($0)) })
        }
        for host in policy.hosts.indices.map({ HostID($0) }) {
          if let hops = from.distance(to: host) { nearest[host] = min(nearest[host] ?? .max, hops) }
          let path = single.path(from: single.area(of: [host]), to: start)
          if let path { approaching[host] = min(approaching[host] ?? .max, path.count) }
        }
      }
      #expect(Set(graph.hosts(of: area)) == held)
      for host in policy.hosts.indices.map({ HostID($0) }) {
        #expect(reach.distance(to: host) == nearest[host], "\(policy[host].name) from \(prefix)")
        let path = graph.path(from: graph.area(of: [host]), to: area)
        #expect(path?.count == approaching[host], "\(prefix) from \(policy[host].name)")
      }
      // Where all are alike nobody is told to ask for each.
      let parts = graph.unlikeParts(of: area, asStart: true)
      if results.count > 1 { #expect(!parts.isEmpty, "\(prefix)") }
      for part in parts {
        guard case .outside(let address, let network) = part.position else {
          Issue.record("a part is no address outside")
          continue
        }
        #expect(prefix.range.contains(address.bits) && network?.hasSuffix("four") == true)
      }
    }
  }

  @Test func `a part is called by what was asked for, and by the network that it is in`() throws {
    let policy = try policy(
      """
      version: 1
      services: {https: tcp/443}
      networks: {lan: {prefixes: [192.0.2.0/24]}, desk: {prefixes: [192.0.2.8/29]}, idle: {prefixes: [198.51.100.0/24]}}
      hosts:
        a: {addresses: [10.0.0.1]}
        b: {addresses: [10.0.0.2]}
      flows:
        f: {from: lan, to: a, service: https, why: test}
        g: {from: desk, to: b, service: https, why: test}
      """)
    func names(_ name: String, _ prefix: String) throws -> Set<String> {
      let asked = AskedAddresses(name: name, addresses: AddressSet([try Prefix(parsing: prefix)]))
      let graph = ReachGraph(policy, at: Self.now, asked: [asked])
      return Set(graph.unlikeParts(of: graph.area(of: asked), asStart: true).map { policy.name($0.position) })
    }
    #expect(try names("lan", "192.0.2.0/24") == ["lan", "desk within lan"])
    #expect(try names("desk", "192.0.2.8/29").isEmpty)
    #expect(try names("x", "192.0.2.0/28") == ["x", "desk within x"])
    #expect(try names("y", "192.0.0.0/16") == ["y", "lan within y", "desk within y"])
    let idle = AskedAddresses(name: "idle", addresses: AddressSet([try Prefix(parsing: "198.51.100.0/24")]))
    let graph = ReachGraph(policy, at: Self.now, asked: [idle])
    #expect(graph.reach(from: graph.area(of: idle)).hosts.isEmpty)
    #expect(graph.path(from: graph.area(of: [HostID(0)]), to: graph.area(of: idle)) == nil)
  }
}
