import Addressing
import ConnectionSpace
import Policy
import PolicyFixtures
import PolicySpace
import Testing

/// The space of a policy against the naive evaluator.
@Suite struct PolicySpaceTests {
  private static let protocols: [(IPProtocol, [UInt16])] = [
    (.tcp, RandomPolicy.ports), (.udp, RandomPolicy.ports), (.sctp, RandomPolicy.ports), (.icmp, [0, 8, 13]),
    (.icmpv6, [128, 129]), (.esp, [0]), (.gre, [0]), (.vrrp, [0]),
  ]

  @Test(arguments: 0..<100)
  func `a policy's space holds what the naive evaluator allows`(seed: Int) throws {
    let random = RandomPolicy(seed: UInt64(seed))
    let whole = seed % 2 == 0 ? random.withVirtuals(seed: UInt64(seed)) : random.policy
    let policy = seed % 3 == 0 ? whole.leavingSome(seed: UInt64(seed)) : whole
    let now = Timestamp(seconds: Int64(seed % 5) * 1000)
    let space = try PolicySpace(policy, HostPolicies(policy), at: now, in: Universe())
    let truth = Truth(policy, now: now)
    // A host takes any service from a group; the space names groups only where a flow's service has them.
    // A group is no host's address: what one leaves alone says nothing of it.
    let truthOfGroups = Truth(policy.multicastOnly.with(hosts: whole.hosts), now: now)
    var generator = SeededGenerator(seed: UInt64(seed) &+ 3_000_000)
    let groups = [Address(.ipv4, 0xe000_0012), Address(.ipv6, 0xff02 << 112 | 0x12)]
    let own = policy.hosts.flatMap(\.addresses) + policy.virtuals.flatMap(\.addresses)
    let addresses = random.addresses + groups + own + own
    for _ in 0..<120 {
      guard let source = addresses.randomElement(using: &generator), !groups.contains(source),
        let destination = addresses.filter({ $0.family == source.family }).randomElement(using: &generator),
        let (ipProtocol, kinds) = Self.protocols.randomElement(using: &generator),
        occurs(ipProtocol, source.family), var kind = kinds.randomElement(using: &generator)
      else { continue }
      if kinds.count > 3, generator.oneIn(3) { kind &+= 1 }
      // Nobody sends a virtual address to itself over a link.
      if source == destination { continue }
      for passage in Passage.allCases {
        let point = Point(passage, from: source, to: destination, ipProtocol, kind: kind)
        if truth.isLoopback(point) {
          #expect(space.loopback.contains(point))
          continue
        }
        #expect(!space.loopback.contains(point))
        // At the ends, only managed ones judge.
        if passage == .ingress, truth.hosts(of: destination).isEmpty, !groups.contains(destination) {
          continue
        }
        // What an end that nobody manages sends to a group is judged by each of its members for itself.
        if passage == .whole, truth.hosts(of: source).isEmpty, groups.contains(destination) { continue }
        let isToGroup = passage == .ingress && groups.contains(destination)
        guard let expected = (isToGroup ? truthOfGroups : truth).judge(point) else { continue }
        let got = (passage == .whole ? space.whole : space.sides).contains(point)
        #expect(got == expected, "\(point)")
      }
    }
  }

  @Test func `the reference inventory's space holds what the naive evaluator allows`() throws {
    let policy = try reference()
    let now = Timestamp(seconds: 1_800_000_000)
    let space = try PolicySpace(policy, HostPolicies(policy), at: now, in: Universe())
    let truth = Truth(policy, now: now)
    var kinds: [IPProtocol: Set<UInt16>] = [:]
    for term in policy.services.flatMap(\.terms) {
      switch term.match {
      case .any: kinds[term.ipProtocol, default: []].insert(0)
      case .ports(let ports):
        for range in ports.ranges {
          kinds[term.ipProtocol, default: []].formUnion([
            range.lowerBound &- 1, range.lowerBound, range.upperBound, range.upperBound &+ 1,
          ])
        }
      case .types(let types):
        for range in types.ranges {
          kinds[term.ipProtocol, default: []].formUnion([UInt16(range.lowerBound), 200])
        }
      }
    }
    var addresses = policy.hosts.flatMap { host in
      AddressFamily.allCases.compactMap { family in host.addresses.first { $0.family == family } }
    }
    for peers in policy.peers where !peers.networks.isEmpty {
      for family in AddressFamily.allCases {
        if let range = peers.networks.ranges(family).last {
          addresses.append(Address(family, range.lowerBound))
        }
      }
    }
    addresses = Set(addresses).sorted()
    var (allowed, denied) = (0, 0)
    var generator = SeededGenerator(seed: 9)
    for source in addresses {
      for destination in addresses where destination.family == source.family && destination != source {
        for (ipProtocol, numbers) in kinds.sorted(by: { $0.key < $1.key })
        where occurs(ipProtocol, source.family) {
          for kind in numbers.sorted() {
            for passage in [Passage.ingress, .egress, .whole] {
              let point = Point(passage, from: source, to: destination, ipProtocol, kind: kind)
              let got = (passage == .whole ? space.whole : space.sides).contains(point)
              // Most is denied: a part of that will do.
              guard generator.oneIn(got ? 2 : 100), !truth.isLoopback(point) else { continue }
              if passage == .ingress, truth.owner(destination) == nil { continue }
              guard let expected = truth.judge(point) else { continue }
              #expect(got == expected, "\(point)")
              if expected { allowed += 1 } else { denied += 1 }
            }
          }
        }
      }
    }
    #expect(allowed > 1000 && denied > 1000, "\(allowed) \(denied)")
  }

  @Test(arguments: 0..<100)
  func `pairs of hosts are those that every pair of them gives`(seed: Int) throws {
    let policy = RandomPolicy(seed: UInt64(seed) &+ 900).policy
    let space = try PolicySpace(policy, HostPolicies(policy), at: Timestamp(seconds: 0), in: Universe())
    var total = Volume.zero
    for (i, source) in policy.hosts.enumerated() {
      for (j, destination) in policy.hosts.enumerated() where i != j {
        for family in AddressFamily.allCases {
          // One address each stands for the host when all of its addresses are allowed the same.
          guard let from = source.addresses.first(where: { $0.family == family }),
            let to = destination.addresses.first(where: { $0.family == family })
          else { continue }
          total += try space.whole.restricted(from: AddressSet([from]), to: AddressSet([to])).volume
        }
      }
    }
    let isOneEach = policy.hosts.allSatisfy { host in
      AddressFamily.allCases.allSatisfy { family in
        host.addresses.filter { $0.family == family }.count <= 1
      }
    }
    let pairs = Volume(UInt128(try space.whole.pairs(among: space.endpoints)))
    // Networks may hold some of a host's addresses and not others.
    if isOneEach { #expect(pairs == total) } else { #expect(pairs >= total) }
  }

  @Test(arguments: 0..<80)
  func `hosts that observe let everything pass, and nothing else changes`(seed: Int) throws {
    let policy = RandomPolicy(seed: UInt64(seed) &+ 500).policy
    let observing = policy.observing(at: HostID(0))
    let universe = Universe()
    let now = Timestamp(seconds: 0)
    let declared = try PolicySpace(policy, HostPolicies(policy), at: now, in: universe)
    let same = try PolicySpace(observing, HostPolicies(observing), at: now, in: universe)
    #expect(same.sides == declared.sides)
    #expect(same.whole == declared.whole)
    let effective = try PolicySpace(
      observing, HostPolicies(observing), at: now, in: universe, reading: .effective)
    #expect(try declared.sides.isSubset(of: effective.sides))
    #expect(try declared.whole.isSubset(of: effective.whole))
    let own = AddressSet(policy.hosts[0].addresses)
    let gained = try effective.sides.subtracting(declared.sides)
    let ingress = try gained.restricted { $0.passage == .ingress }.restricted(
      to: AddressSet.all.subtracting(own))
    #expect(ingress.isEmpty)
    let address = policy.hosts[0].addresses[0]
    #expect(
      effective.sides.contains(Point(.ingress, from: address, to: address, .tcp, kind: 47_000)))
  }
}

/// ICMP is of one family each, whatever number a packet of the other carries.
private func occurs(_ ipProtocol: IPProtocol, _ family: AddressFamily) -> Bool {
  ServiceTerm(ipProtocol, .any).families.contains(family)
}

extension Policy {
  /// The same policy with a host that enforces nothing at its ends.
  func observing(at id: HostID) -> Policy {
    var hosts = hosts
    let old = hosts[id.index]
    hosts[id.index] = Host(
      name: old.name, addresses: old.addresses, zone: old.zone, groups: old.groups,
      modes: Modes(ingress: .observe, egress: .observe, forward: old.modes.forward), deny: old.deny,
      forwarding: old.forwarding, dhcp: old.dhcp, crown: old.crown, ssh: old.ssh, location: old.location)
    return Policy(
      hosts: hosts, peers: peers, services: services, flows: flows, guards: guards, zones: zones)
  }

  /// The same policy without services that are not for groups, and without answers, which never go to one.
  var multicastOnly: Policy {
    let unanswered = services.map { service in
      Service(
        name: service.name, terms: service.terms, multicast: service.multicast, location: service.location)
    }
    return Policy(
      hosts: hosts, peers: peers, services: unanswered, flows: multicastFlows, guards: guards, zones: zones,
      virtuals: virtuals)
  }

  private var multicastFlows: [Flow] {
    flows.compactMap { flow in
      let services = flow.services.filter { !self[$0].multicast.isEmpty }
      if services.isEmpty { return nil }
      return Flow(
        name: flow.name, parts: flow.parts, written: flow.written, per: flow.per, services: services,
        why: flow.why, owner: nil,
        ticket: nil, until: flow.until, location: flow.location)
    }
  }

  /// The same policy with other flows.
  func with(flows: [Flow]) -> Policy {
    Policy(hosts: hosts, peers: peers, services: services, flows: flows, guards: guards, zones: zones)
  }
}
