import Addressing
import ConnectionSpace
import Nftables
import Policy
import PolicyFixtures
import PolicySpace
import RulesetCompiler
import RulesetSpace
import Testing

/// The space of a compiled table against the space of its host policy: nothing may differ but what is open
/// on every host, by name.
@Suite struct CompiledTableTests {
  @Test func `the reference inventory's tables allow what its host policies allow`() throws {
    let policy = try reference()
    let compared = try compare(policy, now: Timestamp(seconds: 1_800_000_000), label: "reference")
    #expect(compared >= 2 * policy.hosts.count)
  }

  @Test(arguments: 0..<60)
  func `tables of random policies allow what their host policies allow`(seed: Int) throws {
    let policy = RandomPolicy(seed: UInt64(seed)).policy
    _ = try compare(policy, now: Timestamp(seconds: Int64(seed % 5) * 1000), label: "seed \(seed)")
  }

  /// Compares every direction of every host; how many.
  private func compare(_ policy: Policy, now: Timestamp, label: String) throws -> Int {
    let universe = Universe()
    let policies = HostPolicies(policy)
    let compiler = RulesetCompiler(policy, policies)
    let spaces = try HostSpaces(policy, policies, at: now, in: universe)
    // Answers to groups are let in by their source port, which a connection does not have.
    let unanswered = policy.unanswered
    let lessSpaces = try HostSpaces(unanswered, HostPolicies(unanswered), at: now, in: universe)
    var compared = 0
    for (index, host) in policy.hosts.enumerated() {
      let hostPolicy = policies[HostID(index)].enforced
      let table = compiler.compile(hostPolicy)
      let own = AddressSet(host.addresses)
      let circumstances = Circumstances(
        ownAddresses: own, time: UInt64(now.seconds) * 1_000_000_000)
      let declared = try spaces.space(of: hostPolicy, at: [host.addresses])
      let surely = try lessSpaces.space(of: hostPolicy, at: [host.addresses])
      for direction in Direction.allCases {
        if direction == .forward, host.forwarding == .leave { continue }
        let passage = direction.passage
        func cut(_ space: ConnectionSpace) throws -> ConnectionSpace {
          let here = space.restricted { $0.passage == passage }
          return switch direction {
          // What came from an own address never came over a link.
          case .ingress: try here.restricted(from: AddressSet.all.subtracting(own), to: own)
          case .egress: try here.restricted(from: own)
          case .forward: here
          }
        }
        let ruleset = try RulesetSpace([table], passage, circumstances, in: universe)
        let open = try universe.space(of: AlwaysOpen.rectangles(at: host, direction))
        #expect(
          try cut(ruleset.upper) == cut(declared.union(open)), "\(label): \(host.name) \(direction) may")
        #expect(try cut(ruleset.lower) == cut(surely), "\(label): \(host.name) \(direction) surely")
        #expect(try ruleset.lower.isSubset(of: ruleset.upper))
        compared += 1
      }
    }
    return compared
  }

  @Test func `replies and errors of what was allowed pass on every host`() throws {
    let policy = try reference()
    let policies = HostPolicies(policy)
    let compiler = RulesetCompiler(policy, policies)
    let universe = Universe()
    let now = Timestamp(seconds: 1_800_000_000)
    for (index, host) in policy.hosts.enumerated().prefix(8) {
      let table = compiler.compile(policies[HostID(index)].enforced)
      for direction in Direction.allCases where direction != .forward || host.forwarding != .leave {
        let circumstances = Circumstances(
          ownAddresses: AddressSet(host.addresses), time: UInt64(now.seconds) * 1_000_000_000)
        #expect(
          try RulesetSpace.letsRepliesPass([table], direction.passage, circumstances, in: universe),
          "\(host.name) \(direction)")
      }
    }
  }
}

/// What is open on every host beside its flows, in the words of the security page, and what of it depends on
/// more than a connection: the hop limit, or the source port.
private enum AlwaysOpen {
  static func rectangles(at host: Host, _ direction: Direction) -> [Rectangle] {
    if direction == .forward { return [] }
    let passage = direction.passage
    // Neighbour discovery and multicast listener discovery, by their hop limits.
    var result = [
      Rectangle(
        passage, .icmpv6, from: AddressSet(ipv6: .all), to: AddressSet(ipv6: .all),
        .types(IntervalSet([130...136, 143...143])))
    ]
    guard host.dhcp else { return result }
    // A DHCP client, by the source ports of client and server.
    let linkLocal = AddressSet([Prefix(containing: Address(.ipv6, 0xfe80 << 112), length: 10)])
    let (v4, v6): (UInt16, UInt16) = direction == .egress ? (67, 547) : (68, 546)
    result.append(
      Rectangle(
        passage, .udp, from: AddressSet(ipv4: .all), to: AddressSet(ipv4: .all), .ports(PortSet([v4...v4]))))
    result.append(
      Rectangle(passage, .udp, from: linkLocal, to: AddressSet(ipv6: .all), .ports(PortSet([v6...v6]))))
    return result
  }
}

extension Direction {
  fileprivate var passage: Passage {
    switch self {
    case .ingress: .ingress
    case .egress: .egress
    case .forward: .forward
    }
  }
}

extension Policy {
  /// The same policy without answers to multicast requests.
  fileprivate var unanswered: Policy {
    Policy(
      hosts: hosts, peers: peers,
      services: services.map {
        Service(name: $0.name, terms: $0.terms, multicast: $0.multicast, location: $0.location)
      }, flows: flows, guards: guards, zones: zones)
  }
}
