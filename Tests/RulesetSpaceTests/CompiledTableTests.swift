import Addressing
import ConnectionSpace
import Nftables
import Policy
import PolicyFixtures
import PolicySpace
import RulesetCompiler
import RulesetShape
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
    let random = RandomPolicy(seed: UInt64(seed))
    let policy =
      switch seed % 3 {
      case 0: random.withTripwires
      case 1: random.withVirtuals(seed: UInt64(seed))
      default: random.policy
      }
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
    let carried = policy.carried
    for (index, host) in policy.hosts.enumerated() {
      let hostPolicy = policies[HostID(index)].enforced
      let table = compiler.compile(hostPolicy)
      let own = AddressSet(host.addresses)
      let circumstances = Circumstances(
        ownAddresses: own, time: UInt64(now.seconds) * 1_000_000_000, apartFrom: [table].bridgeNames)
      let declared = try spaces.space(
        of: hostPolicy, at: [host.addresses], carrying: [carried[index]])
      let surely = try lessSpaces.space(of: hostPolicy, at: [host.addresses], carrying: [carried[index]])
      let here = own.union(AddressSet(carried[index]))
      for direction in Direction.allCases {
        if direction == .forward, !host.judgesByAddresses { continue }
        let passage = direction.passage
        func cut(_ space: ConnectionSpace) throws -> ConnectionSpace {
          let some = space.restricted { $0.passage == passage }
          return switch direction {
          // What came from an own address never came over a link.
          case .ingress: try some.restricted(from: AddressSet.all.subtracting(own), to: here)
          case .egress: try some.restricted(from: here)
          case .forward: some
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

  /// Rules of others lead every port of the host into a container, as docker does with those that are published: what
  /// passes there is what the host's flows let in, exactly, and by the port that was asked for.
  @Test func `what is published is allowed as what arrives`() throws {
    let published = try #require(try Table.tables(fromJSON: Array(Self.publishing.utf8)).first)
    let now = Timestamp(seconds: 1000)
    var compared = 0
    for seed in 0..<80 as Range<UInt64> {
      let policy = RandomPolicy(seed: seed).policy
      // Answers to groups, which are let in by their source port, are translated nowhere.
      let unanswered = policy.unanswered
      let policies = HostPolicies(unanswered)
      let universe = Universe()
      let spaces = try HostSpaces(unanswered, policies, at: now, in: universe)
      for (index, host) in policy.hosts.enumerated() {
        guard case .containers = host.forwarding else { continue }
        let table = RulesetCompiler(unanswered, policies).compile(policies[HostID(index)].enforced)
        let own = AddressSet(host.addresses)
        let circumstances = Circumstances(
          ownAddresses: own, time: UInt64(now.seconds) * 1_000_000_000, apartFrom: [table].bridgeNames)
        let ruleset = try RulesetSpace([table, published], .ingress, circumstances, in: universe)
        func cut(_ space: ConnectionSpace) throws -> ConnectionSpace {
          try space.restricted { $0.passage == .ingress && $0.ipProtocol.hasPorts }
            .restricted(from: AddressSet.all.subtracting(own), to: own)
        }
        let declared = try cut(spaces.space(of: policies[HostID(index)].enforced, at: [host.addresses]))
        #expect(try cut(ruleset.upper) == declared, "seed \(seed): \(host.name) may")
        #expect(try cut(ruleset.lower) == declared, "seed \(seed): \(host.name) surely")
        #expect(ruleset.translations.isEmpty == false)
        compared += 1
      }
    }
    #expect(compared > 20)
  }

  private static let publishing: String = {
    let start =
      "{\"rule\":{\"family\":\"inet\",\"table\":\"docker\",\"chain\":\"pre\",\"expr\":["
      + "{\"match\":{\"op\":\"==\",\"left\":{\"fib\":{\"result\":\"type\",\"flags\":\"daddr\"}},\"right\":\"local\"}},"
      + "{\"match\":{\"op\":\"==\",\"left\":{\"meta\":{\"key\":\"l4proto\"}},\"right\":{\"set\":[\"tcp\",\"udp\",\"sctp\"]}}},"
    return "{\"nftables\":[{\"table\":{\"family\":\"inet\",\"name\":\"docker\"}},"
      + "{\"chain\":{\"family\":\"inet\",\"table\":\"docker\",\"name\":\"pre\",\"type\":\"nat\",\"hook\":\"prerouting\",\"prio\":-100,"
      + "\"policy\":\"accept\"}},"
      + "\(start){\"dnat\":{\"family\":\"ip\",\"addr\":\"172.17.0.2\",\"port\":80}}]}},"
      + "\(start){\"dnat\":{\"family\":\"ip6\",\"addr\":\"fd00::2\",\"port\":80}}]}}]}"
  }()

  @Test func `replies and errors of what was allowed pass on every host`() throws {
    let policy = try reference()
    let policies = HostPolicies(policy)
    let compiler = RulesetCompiler(policy, policies)
    let universe = Universe()
    let now = Timestamp(seconds: 1_800_000_000)
    for (index, host) in policy.hosts.enumerated().prefix(8) {
      let table = compiler.compile(policies[HostID(index)].enforced)
      for direction in Direction.allCases where direction != .forward || host.judgesByAddresses {
        let circumstances = Circumstances(
          ownAddresses: AddressSet(host.addresses), time: UInt64(now.seconds) * 1_000_000_000,
          apartFrom: [table].bridgeNames)
        #expect(
          try RepliesPass([table], direction.passage, circumstances, in: universe) == .all,
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
      }, flows: flows, guards: guards, zones: zones, virtuals: virtuals)
  }
}
