import Addressing
import ConnectionSpace
import Diagnostics
import Policy
import PolicyFixtures
import PolicySpace
import Testing

/// What a change of a policy opens and closes.
@Suite struct PolicyChangeTests {
  private static let now = Timestamp(seconds: 1_800_000_000)

  private static func space(_ policy: Policy, _ universe: Universe) throws -> PolicySpace {
    try PolicySpace(policy, HostPolicies(policy), at: now, in: universe)
  }

  @Test func `the order of flows and their names mean nothing`() throws {
    let policy = try reference()
    let universe = Universe()
    let space = try Self.space(policy, universe)
    let other = try Self.space(policy.with(flows: policy.flows.reversed()), universe)
    #expect(other.sides == space.sides)
    #expect(other.whole == space.whole)
    #expect(try PolicyChange(from: space, to: other, \.sides).isEmpty)
  }

  @Test func `removing a flow only closes and adding it only opens, the same`() throws {
    let policy = try reference()
    let universe = Universe()
    let space = try Self.space(policy, universe)
    var meaningful = 0
    for index in policy.flows.indices {
      var flows = policy.flows
      flows.remove(at: index)
      let without = try Self.space(policy.with(flows: flows), universe)
      for part in [\PolicySpace.sides, \.whole] {
        let removed = try PolicyChange(from: space, to: without, part)
        let added = try PolicyChange(from: without, to: space, part)
        #expect(removed.opened.isEmpty)
        #expect(added.closed.isEmpty)
        #expect(removed.closed == added.opened)
        #expect(
          try without[keyPath: part].union(added.opened).subtracting(space.loopback)
            == space[keyPath: part].subtracting(space.loopback))
        if !removed.isEmpty { meaningful += 1 }
      }
    }
    #expect(meaningful > policy.flows.count)
  }

  @Test func `a flow between one host and its own group opens nothing at itself`() throws {
    let policy = try reference()
    let universe = Universe()
    let space = try Self.space(policy, universe)
    let change = try PolicyChange(from: try Self.space(policy.with(flows: []), universe), to: space, \.sides)
    #expect(try change.opened.intersection(space.loopback).isEmpty)
    #expect(change.closed.isEmpty)
    #expect(change.opened == (try space.sides.subtracting(space.loopback)))
  }

  @Test func `what a host sent itself opens when its addresses become two hosts'`() throws {
    let here = SourceLocation(file: "test.yaml", line: 1, column: 1)
    let (a, b) = (Address(.ipv4, 0x0a00_0001), Address(.ipv4, 0x0a00_0002))
    func policy(_ split: Bool) -> Policy {
      let hosts = (split ? [[a], [b]] : [[a, b]]).enumerated().map { number, addresses in
        Host(
          name: "h\(number)", addresses: addresses, zone: nil, groups: [], modes: Modes(.enforce),
          deny: .drop,
          forwarding: .leave, dhcp: false, crown: false, ssh: nil, location: here)
      }
      let all = AddressSet([a, b])
      let peers = [
        Peers(name: "all", hosts: hosts.indices.map { HostID($0) }, networks: .init(), addresses: all),
        Peers(name: "everyone", hosts: [], networks: .all, addresses: .all),
      ]
      let service = Service(
        name: "web", terms: [ServiceTerm(.tcp, .ports(PortSet([80...80])))], multicast: .init(),
        location: here)
      let flow = Flow(
        name: "f", from: PeersID(1), to: PeersID(0), services: [ServiceID(0)], why: "test", owner: nil,
        ticket: nil, until: nil, location: here)
      return Policy(
        hosts: hosts, peers: peers, services: [service], flows: [flow], guards: [], zones: [])
    }
    let universe = Universe()
    let (one, two) = (try Self.space(policy(false), universe), try Self.space(policy(true), universe))
    let split = try PolicyChange(from: one, to: two, \.sides)
    let expected = try universe.space(of: [
      Rectangle(.ingress, .tcp, from: AddressSet([a]), to: AddressSet([b]), .ports(PortSet([80...80]))),
      Rectangle(.ingress, .tcp, from: AddressSet([b]), to: AddressSet([a]), .ports(PortSet([80...80]))),
    ])
    #expect(split.opened == expected)
    #expect(split.closed.isEmpty)
    let joined = try PolicyChange(from: two, to: one, \.sides)
    #expect(joined.closed == expected)
    #expect(joined.opened.isEmpty)
  }
}

extension PolicyChangeTests {
  @Test func `one wide flow more is one piece in every section`() throws {
    let policy = try reference()
    let universe = Universe()
    let here = SourceLocation(file: "test.yaml", line: 1, column: 1)
    let managed = AddressSet(policy.hosts.flatMap(\.addresses))
    let all = Peers(
      name: "all", hosts: policy.hosts.indices.map { HostID($0) }, networks: .init(), addresses: managed)
    let service = Service(
      name: "wide", terms: [ServiceTerm(.tcp, .ports(PortSet([1...65535])))], multicast: .init(),
      location: here)
    let flow = Flow(
      name: "wide", from: PeersID(policy.peers.count), to: PeersID(policy.peers.count),
      services: [ServiceID(policy.services.count)], why: "test", owner: nil, ticket: nil, until: nil,
      location: here)
    let wider = Policy(
      hosts: policy.hosts, peers: policy.peers + [all], services: policy.services + [service],
      flows: policy.flows + [flow], guards: policy.guards, zones: policy.zones)
    let change = try PolicyChange(
      from: try Self.space(policy, universe), to: try Self.space(wider, universe), \.sides)
    #expect(change.closed.isEmpty)
    let pieces = try change.opened.pieces(atMost: 12)
    #expect(pieces.count == change.opened.sections.count)
    for piece in pieces {
      #expect(piece.rectangle.kinds == .ports(PortSet([1...65535])))
      #expect(piece.rectangle.sources.isSubset(of: managed))
      #expect(piece.rectangle.destinations.isSubset(of: managed))
    }
  }
}

extension AddressSet {
  fileprivate func isSubset(of other: AddressSet) -> Bool { subtracting(other).isEmpty }
}
