import Addressing
import Evidence
import Policy
import PolicyFixtures
import Testing

/// The list of allowed connections against the oracle, which shares no code with it.
@Suite struct AllowedListTests {
  private static let now = Timestamp(seconds: 1_800_000_000)

  /// Whether both ends let a connection pass by flows.
  private static func isAllowed(
    _ oracle: Oracle, _ policy: Policy, from: HostID, to: HostID, _ ipProtocol: IPProtocol, _ port: UInt16
  ) -> Bool {
    policy[from].addresses.contains { source in
      policy[to].addresses.contains { destination in
        guard source.family == destination.family else { return false }
        let connection = Connection(
          from: source, to: destination, ipProtocol, .ports(source: 50_000, destination: port))
        let sent = oracle.judge(connection, at: from, .egress, now: now)
        let received = oracle.judge(connection, at: to, .ingress, now: now)
        if case .allowed = sent, case .allowed = received { return true }
        return false
      }
    }
  }

  private static func ports(_ service: Service, _ ipProtocol: IPProtocol) -> PortSet {
    for term in service.terms where term.ipProtocol == ipProtocol {
      if case .ports(let ports) = term.match { return ports }
    }
    return PortSet()
  }

  private static func judge(_ policy: Policy, ports: [UInt16]) throws -> (lines: Int, wrong: [String]) {
    let oracle = Oracle(policy)
    let list = try AllowedList(policy, at: now, byHost: true)
    var lines: [String: [Service]] = [:]
    for line in list.lines {
      let service = try #require(policy.services.first { $0.name == line.service })
      lines["\(line.from.name) \(line.to.name)", default: []].append(service)
    }
    var wrong: [String] = []
    for from in policy.hosts.indices.map({ HostID($0) }) {
      for to in policy.hosts.indices.map({ HostID($0) }) where from != to {
        let services = lines["\(policy[from].name) \(policy[to].name)"] ?? []
        for ipProtocol in [IPProtocol.tcp, .udp] {
          for port in ports {
            let isListed = services.contains { Self.ports($0, ipProtocol).contains(port) }
            let isAllowed = isAllowed(oracle, policy, from: from, to: to, ipProtocol, port)
            // Flows that are needed together are told apart.
            if isListed && !isAllowed || isAllowed && !isListed && list.together.isEmpty {
              wrong.append("\(policy[from].name) \(policy[to].name) \(ipProtocol)/\(port): \(isListed)")
            }
          }
        }
      }
    }
    return (list.lines.count, wrong)
  }

  @Test(arguments: 1...60) func `a pair of hosts has a line where the oracle allows it`(seed: Int) throws {
    let policy = RandomPolicy(seed: UInt64(seed)).policy
    // To a group that is asked, no host's address is sent.
    if policy.services.contains(where: { !$0.multicast.isEmpty }) { return }
    let (_, wrong) = try Self.judge(policy, ports: RandomPolicy.ports)
    #expect(wrong.isEmpty, "\(wrong.prefix(5))")
  }

  @Test func `so it is in the reference inventory`() throws {
    let policy = try EvidenceFixture.reference()
    let ports = Set(
      policy.services.flatMap { service in
        service.terms.flatMap { term -> [UInt16] in
          if case .ports(let ports) = term.match {
            return ports.ranges.flatMap { [$0.lowerBound, $0.upperBound] }
          }
          return []
        }
      })
    let (lines, wrong) = try Self.judge(policy, ports: ports.sorted() + [1, 22, 65_535])
    #expect(lines > 150)
    #expect(wrong.isEmpty, "\(wrong.prefix(5))")
  }

  @Test func `lines of groups are as many as parts and services, and name what the inventory names`() throws {
    let policy = try EvidenceFixture.reference()
    let list = try AllowedList(policy, at: Self.now)
    #expect(list.lines.count == policy.flows.reduce(0) { $0 + $1.parts.count * $1.services.count })
    #expect(list.lines.contains { $0.from.name == "api" && $0.to.name == "db" && $0.service == "postgres" })
    #expect(list.unenforced.isEmpty && list.ended.isEmpty && list.together.isEmpty)
  }

  @Test func `filters narrow, by hosts and by networks`() throws {
    let policy = try EvidenceFixture.reference()
    var filter = ListFilter()
    filter.to = ListFilter.Ends(
      hosts: try [#require(policy.host(named: "keys-1"))], networks: AddressSet(), in: policy)
    let keys = try AllowedList(policy, at: Self.now, filter)
    #expect(keys.lines.contains { $0.flow == "signer-to-keys" })
    #expect(!keys.lines.contains { $0.flow == "api-to-db" })
    let internet = try #require(policy.peers.firstIndex { $0.name == "internet" })
    filter.to = ListFilter.Ends(hosts: [], networks: policy.peers[internet].networks, in: policy)
    let out = try AllowedList(policy, at: Self.now, filter, byHost: true)
    #expect(!out.lines.isEmpty && out.lines.allSatisfy { $0.to.name == "internet" })
  }

  @Test func `what has ended is left out, by name`() throws {
    let policy = try EvidenceFixture.policy(
      """
      version: 1
      services: {https: tcp/443}
      hosts:
        a: {addresses: [10.0.0.1]}
        b: {addresses: [10.0.0.2]}
      flows:
        f: {from: a, to: b, service: https, why: test, until: 2020-01-01}
      """)
    let list = try AllowedList(policy, at: Self.now)
    #expect(list.lines.isEmpty)
    #expect(list.ended == ["f"])
  }
}
