package import Addressing
internal import Diagnostics
package import Policy

/// Random policies over a universe so small that everything collides: few hosts, few ports, networks
/// that overlap hosts and each other.
package struct RandomPolicy: Sendable {
  package let policy: Policy

  /// Ports that services and connections are drawn from.
  package static let ports: [UInt16] = [21, 22, 80, 81, 443, 1000, 1001, 2000, 2001, 65535]

  package init(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var peers = PeersTable()
    let here = SourceLocation(file: "random.yaml", line: 1, column: 1)

    var hosts: [Host] = []
    let count = Int.random(in: 2...6, using: &random)
    for number in 0..<count {
      var addresses: [Address] = []
      let families = Int.random(in: 0...3, using: &random)
      if families != 0 { addresses.append(Self.ipv4(UInt8(number + 1))) }
      if families != 1 { addresses.append(Self.ipv6(UInt16(number + 1))) }
      if random.oneIn(5) { addresses.append(Self.ipv4(UInt8(number + 101))) }
      hosts.append(
        Host(
          name: "h\(number)", addresses: addresses.sorted(), zone: nil, groups: [],
          modes: Modes(.enforce), deny: random.oneIn(4) ? .reject : .drop, forwarding: .leave,
          dhcp: random.oneIn(8), crown: false, ssh: nil, location: here))
    }
    let addressesOf = hosts.map(\.addresses)

    func group() -> PeersID {
      let members = (0..<count).filter { _ in random.oneIn(2) }
      let chosen = members.isEmpty ? [Int.random(in: 0..<count, using: &random)] : members
      return peers.intern(hosts: chosen.map { HostID($0) }, networks: .init(), addressesOf)
    }
    func network() -> PeersID {
      let networks: [AddressSet] = [
        .all, AddressSet(ipv4: .all), AddressSet([Prefix(containing: Self.ipv4(0), length: 24)]),
        AddressSet([
          Prefix(containing: Self.ipv4(200), length: 29), Prefix(containing: Self.ipv6(0x200), length: 120),
        ]),
        AddressSet(ipv6: .all).subtracting(AddressSet(addressesOf.joined())),
        AddressSet([Self.ipv4(201), Self.ipv4(203), Self.ipv6(0x201)]),
      ]
      return peers.intern(hosts: [], networks: networks.randomElement(using: &random) ?? .all, addressesOf)
    }
    func mixed() -> PeersID {
      let (hosts, networks) = (group(), network())
      return peers.intern(
        hosts: peers.all[hosts.index].hosts, networks: peers.all[networks.index].networks, addressesOf)
    }
    func end() -> PeersID {
      switch Int.random(in: 0..<6, using: &random) {
      case 0: network()
      case 1: mixed()
      default: group()
      }
    }

    for index in hosts.indices where random.oneIn(4) {
      let old = hosts[index]
      let routes = (0..<Int.random(in: 1...2, using: &random)).map { _ in Route(end(), end()) }
      hosts[index] = Host(
        name: old.name, addresses: old.addresses, zone: nil, groups: [], modes: old.modes, deny: old.deny,
        forwarding: random.oneIn(4) ? .deny : .gateway(routes), dhcp: old.dhcp, crown: false, ssh: nil,
        location: here)
    }
    // Not drawn, so that what seeds stand for stays.
    for index in hosts.indices where hosts[index].forwarding == .leave && (seed + UInt64(index)) % 4 == 0 {
      let old = hosts[index]
      hosts[index] = Host(
        name: old.name, addresses: old.addresses, zone: nil, groups: [], modes: old.modes, deny: old.deny,
        forwarding: .containers(
          Containers(bridges: ["br-*", "docker0"], judgesEgress: (seed + UInt64(index)) % 8 == 0)),
        dhcp: old.dhcp, crown: false, ssh: nil, location: here)
    }

    let services = (0..<Int.random(in: 1...5, using: &random)).map { number in
      Self.service(number, here, &random)
    }
    let flows = (0..<Int.random(in: 0...7, using: &random)).map { number in
      let chosen = Set(
        (0...Int.random(in: 0...1, using: &random)).map { _ in
          ServiceID(Int.random(in: services.indices, using: &random))
        })
      return Flow(
        name: "f\(number)", from: end(), to: end(), services: chosen.sorted(), why: "random", owner: nil,
        ticket: nil,
        until: random.oneIn(3) ? Timestamp(seconds: Int64.random(in: 1...3, using: &random) * 1000) : nil,
        location: here)
    }
    // Not drawn either: some flows stand once for each of some pairs of hosts.
    let several = flows.enumerated().map { number, flow -> Flow in
      guard (seed + UInt64(number)) % 3 == 0 else { return flow }
      let parts = (0..<3).map { part in
        func some(_ shift: Int) -> PeersID {
          let chosen = (0..<count).filter { (Int(seed % 97) + number + part * shift + $0) % 3 == 0 }
          return peers.intern(
            hosts: chosen.isEmpty ? [HostID((number + part) % count)] : chosen.map { HostID($0) },
            networks: .init(), addressesOf)
        }
        return FlowPart(from: some(1), to: some(2))
      }
      let distinct = parts.indices.filter { !parts[..<$0].contains(parts[$0]) }.map { parts[$0] }
      return Flow(
        name: flow.name, parts: distinct, written: flow.written, per: distinct.indices.map { "part-\($0)" },
        services: flow.services, why: flow.why, owner: nil, ticket: nil, until: flow.until, location: here)
    }
    policy = Policy(
      hosts: hosts, peers: peers.all, services: services, flows: several, guards: [], zones: [])
  }

  /// The same policy with a flow of one part for each part of its flows.
  package var withCopies: Policy {
    let flows = policy.flows.flatMap { flow in
      flow.parts.enumerated().map { number, part in
        Flow(
          name: flow.parts.count == 1 ? flow.name : "\(flow.name).\(number)", from: part.from, to: part.to,
          services: flow.services, why: flow.why, owner: nil, ticket: nil, until: flow.until,
          location: flow.location)
      }
    }
    return Policy(
      hosts: policy.hosts, peers: policy.peers, services: policy.services, flows: flows, guards: [], zones: []
    )
  }

  /// The same policy with two tripwires on some hosts.
  package var withTripwires: Policy {
    let here = SourceLocation(file: "random.yaml", line: 1, column: 1)
    guard let on = policy.peers.firstIndex(where: { $0.networks.isEmpty }) else { return policy }
    let triggers: [Tripwire.Trigger] = [.doors(20, within: 60), .anyDoor]
    return Policy(
      hosts: policy.hosts, peers: policy.peers, services: policy.services, flows: policy.flows,
      guards: policy.guards, zones: policy.zones,
      tripwires: triggers.enumerated().map { number, trigger in
        Tripwire(
          name: "t\(number)", on: PeersID(on), from: nil, spare: nil, trigger: trigger, cut: 3600,
          why: "random", location: here)
      })
  }

  /// Every address that could matter: hosts, neighbours of every set's ends, strangers.
  package var addresses: [Address] {
    var result: Set<Address> = [
      Self.ipv4(1), Self.ipv4(99), Self.ipv6(0x99), Address(.ipv4, 0x0808_0808),
      Address(.ipv6, 0xfe80 << 112 | 0x99),
    ]
    for peers in policy.peers {
      for family in AddressFamily.allCases {
        for range in peers.addresses.ranges(family).prefix(8) {
          for bits in [range.lowerBound, range.lowerBound &+ 1, range.upperBound, range.upperBound &+ 1]
          where bits <= family.highestBits && (1...0xdfff_ffff).contains(family == .ipv4 ? bits : 1) {
            result.insert(Address(family, bits))
          }
        }
      }
    }
    return result.filter { $0.family == .ipv4 || $0.bits >> 120 != 0xff }.sorted()
  }

  static func ipv4(_ last: UInt8) -> Address { Address(.ipv4, 0x0a00_0000 | UInt128(last)) }

  static func ipv6(_ last: UInt16) -> Address {
    Address(.ipv6, 0x2001_0db8 << 96 | UInt128(last))
  }

  private static func service(_ number: Int, _ here: SourceLocation, _ random: inout SeededGenerator)
    -> Service
  {
    var terms: [IPProtocol: ServiceMatch] = [:]
    for _ in 0...Int.random(in: 0...1, using: &random) {
      switch Int.random(in: 0..<6, using: &random) {
      case 0:
        terms[.icmp] = .types(IntervalSet([[8, 15].randomElement(using: &random) ?? 8].map { $0...$0 }))
      case 1: terms[.icmpv6] = .types(IntervalSet([128...128]))
      case 2: terms[[.esp, .gre, .vrrp].randomElement(using: &random) ?? .esp] = .any
      default:
        let ranges = (0...Int.random(in: 0...1, using: &random)).map { _ -> ClosedRange<UInt16> in
          let low = ports.randomElement(using: &random) ?? 80
          let high = ports.randomElement(using: &random) ?? 80
          return random.oneIn(2) ? low...low : min(low, high)...max(low, high)
        }
        terms[IPProtocol.withPorts.randomElement(using: &random) ?? .tcp] = .ports(PortSet(ranges))
      }
    }
    let isMulticast = random.oneIn(6)
    let groups = AddressSet([Address(.ipv4, 0xe000_0012), Address(.ipv6, 0xff02 << 112 | 0x12)])
    return Service(
      name: "s\(number)",
      terms: terms.sorted { $0.key < $1.key }.map { ServiceTerm($0.key, $0.value) },
      multicast: isMulticast ? groups : .init(),
      replies: isMulticast && random.oneIn(2) ? PortSet([1000...1001]) : nil,
      location: here)
  }
}

extension Host {
  /// Whether what passes through is judged by addresses alone, and not by links.
  package var judgesByAddresses: Bool {
    switch forwarding {
    case .deny, .gateway: true
    case .leave, .containers: false
    }
  }
}

/// Peers, each distinct one once.
private struct PeersTable {
  private(set) var all: [Peers] = []

  mutating func intern(hosts: [HostID], networks: AddressSet, _ addressesOf: [[Address]]) -> PeersID {
    if let known = all.firstIndex(where: { $0.hosts == hosts && $0.networks == networks }) {
      return PeersID(known)
    }
    let own = AddressSet(hosts.flatMap { addressesOf[$0.index] })
    all.append(
      Peers(name: "p\(all.count)", hosts: hosts, networks: networks, addresses: own.union(networks)))
    return PeersID(all.count - 1)
  }
}
