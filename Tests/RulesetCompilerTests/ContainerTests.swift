import Addressing
import Diagnostics
import Inventory
import Nftables
import Policy
import PolicyFixtures
import RulesetCompiler
import RulesetShape
import Testing

/// Hosts of containers: the compiled forward chain, evaluated as the kernel does, against the naive evaluator.
@Suite struct ContainerTests {
  fileprivate struct Made {
    let policy: Policy
    let id: HostID
    let host: Host
    let compiled: HostPolicy
    let table: Table
    let evaluator: Evaluator
  }

  /// The hosts of containers of a random policy.
  private static func made(_ seed: Int, _ modes: Modes = Modes(.enforce)) -> [Made] {
    let policy = RandomPolicy(seed: UInt64(seed)).policy
    let policies = HostPolicies(policy)
    let compiler = RulesetCompiler(policy, policies)
    return policy.hosts.enumerated().compactMap { index, host in
      guard case .containers = host.forwarding else { return nil }
      let own = policies[HostID(index)]
      let compiled = HostPolicy(
        modes: modes, deny: own.deny, forward: own.forward, dhcp: own.dhcp, mayNameItself: own.mayNameItself,
        allowances: own.allowances)
      let table = compiler.compile(compiled)
      return Made(
        policy: policy, id: HostID(index), host: host, compiled: compiled, table: table,
        evaluator: Evaluator(table))
    }
  }

  private static let container = [Address(.ipv4, 0xac11_0002), Address(.ipv6, 0xfd00 << 112 | 2)]

  private static func containerAddress(_ family: AddressFamily) -> Address {
    container[family == .ipv4 ? 0 : 1]
  }

  private static let bridges = ["docker0", "br-1a2b3c4d5e6f"]
  private static let outside = ["eth0", "br0", "br", "lan", "docker1", "docker01"]

  /// A connection as the client asks for it, and its first packet in the forward chain.
  private static func draw(
    _ way: ContainerWay, _ made: Made, _ addresses: [Address], _ generator: inout SeededGenerator
  ) -> (Connection, Packet)? {
    guard let peer = addresses.randomElement(using: &generator) else { return nil }
    let inside = containerAddress(peer.family)
    let own = made.host.addresses.first { $0.family == peer.family }
    let (source, asked, arriving): (Address, Address, Address)
    switch way {
    case .published:
      guard let own else { return nil }
      (source, asked, arriving) = (peer, own, inside)
    case .direct: (source, asked, arriving) = (peer, inside, inside)
    case .out, .past:
      // What is for the host itself is not passed on.
      if made.host.addresses.contains(peer) { return nil }
      (source, asked, arriving) = (inside, peer, peer)
    case .between: (source, asked, arriving) = (inside, inside, inside)
    }
    let protocols: [IPProtocol] = [.tcp, .tcp, .udp, .sctp, .esp, peer.family == .ipv4 ? .icmp : .icmpv6]
    guard let ipProtocol = protocols.randomElement(using: &generator),
      let port = RandomPolicy.ports.randomElement(using: &generator),
      let behind = RandomPolicy.ports.randomElement(using: &generator)
    else { return nil }
    let type: UInt8 = peer.family == .ipv4 ? 8 : 128
    let kind: Connection.Kind
    let header: [UInt8]
    if ipProtocol.hasPorts {
      kind = .ports(source: 40_000, destination: port)
      let arrivesAt = way == .published ? behind : port
      header = Packet.transportHeader(ipProtocol, source: 40_000, destination: arrivesAt)
    } else if ipProtocol == .esp {
      (kind, header) = (.plain, [0, 0, 0, 0, 0, 0, 0, 0])
    } else {
      (kind, header) = (.type(type), [type, 0, 0, 0, 0, 0, 0, 0])
    }
    var packet = Packet(
      from: source, to: arriving, ipProtocol, transport: header, inputInterface: 2, outputInterface: 3)
    packet.localAddresses = made.host.addresses
    packet.inputInterfaceName = random([.out, .between].contains(way) ? bridges : outside, &generator)
    packet.outputInterfaceName = random([.direct, .between].contains(way) ? bridges : outside, &generator)
    if way == .published {
      packet.status = ConntrackStatus.dnat.rawValue
      packet.originalPort = ipProtocol.hasPorts ? port : nil
      packet.outputInterfaceName = random(bridges + outside, &generator)
    }
    return (Connection(from: source, to: asked, ipProtocol, kind), packet)
  }

  private static func random(_ names: [String], _ generator: inout SeededGenerator) -> String {
    names.randomElement(using: &generator) ?? names[0]
  }

  @Test(arguments: 0..<60)
  func `what passes to containers and from them is what the policy says`(seed: Int) throws {
    var generator = SeededGenerator(seed: UInt64(seed) &+ 4_000_000)
    let addresses = RandomPolicy(seed: UInt64(seed)).addresses
    let oracle = Oracle(RandomPolicy(seed: UInt64(seed)).policy)
    for (made, observing) in zip(Self.made(seed), Self.made(seed, Modes(.observe))) {
      for _ in 0..<200 {
        let way = ContainerWay.allCases.randomElement(using: &generator) ?? .published
        guard case (let connection, var packet)? = Self.draw(way, made, addresses, &generator) else {
          continue
        }
        let now = Timestamp(seconds: Int64.random(in: 0...4, using: &generator) * 1000)
        packet.time = UInt64(now.seconds) * 1_000_000_000
        let expected = oracle.judge(connection, past: made.id, way, now: now)
        let got = made.evaluator.evaluate(packet, at: .forward)
        #expect(got.isCertain)
        #expect(
          (got.verdict == .accept) == (expected != .denied),
          "\(made.host.name) \(way) \(connection) at \(now.seconds): oracle \(expected), ruleset \(got)")
        // What is only observed passes, whatever it is.
        #expect(observing.evaluator.evaluate(packet, at: .forward).verdict == .accept)
      }
    }
  }

  /// A connection that a flow let in ends with the flow, in both directions of its packets; one that another flow
  /// allows for longer goes on, and so does what no flow is about, and what is only observed. What the host itself asks
  /// for may have another mode.
  @Test(
    arguments: 0..<60,
    [
      Modes(.enforce), Modes(ingress: .enforce, egress: .observe, forward: .enforce),
      Modes(ingress: .observe, egress: .enforce, forward: .observe),
    ])
  func `what a flow lets in to containers ends with the flow`(seed: Int, modes: Modes) throws {
    var generator = SeededGenerator(seed: UInt64(seed) &+ 5_000_000)
    let addresses = RandomPolicy(seed: UInt64(seed)).addresses
    let oracle = Oracle(RandomPolicy(seed: UInt64(seed)).policy)
    for made in Self.made(seed, modes) {
      for _ in 0..<200 {
        let way = ContainerWay.allCases.randomElement(using: &generator) ?? .published
        guard case (let connection, var packet)? = Self.draw(way, made, addresses, &generator),
          connection.ipProtocol.hasPorts,
          oracle.judge(connection, past: made.id, way, now: Timestamp(seconds: 0)) != .denied
        else { continue }
        let now = Timestamp(seconds: Int64.random(in: 0...4, using: &generator) * 1000)
        let goesOn =
          oracle.judge(connection, past: made.id, way, now: now) != .denied || modes.forward == .observe
        packet.state = .established
        packet.time = UInt64(now.seconds) * 1_000_000_000
        packet.originalPort = connection.port
        #expect((made.evaluator.evaluate(packet, at: .forward).verdict == .accept) == goesOn, "\(way)")
        var answer = Packet(
          from: Self.containerAddress(connection.family), to: connection.source, connection.ipProtocol,
          transport: Packet.transportHeader(connection.ipProtocol, source: 80, destination: 40_000),
          inputInterface: 3, outputInterface: 2)
        if way == .out || way == .past {
          answer = Packet(
            from: connection.destination, to: connection.source, connection.ipProtocol,
            transport: packet.transport, inputInterface: 3, outputInterface: 2)
        }
        answer.inputInterfaceName = packet.outputInterfaceName
        answer.outputInterfaceName = packet.inputInterfaceName
        (answer.state, answer.direction) = (.established, .reply)
        (answer.time, answer.status) = (packet.time, packet.status)
        answer.originalPort = connection.port
        #expect((made.evaluator.evaluate(answer, at: .forward).verdict == .accept) == goesOn, "\(way) reply")
      }
    }
  }

  @Test(arguments: 0..<40) func `errors pass, and what a helper expects or nothing began does not`(seed: Int)
  {
    for made in Self.made(seed) {
      func verdict(_ state: ConntrackState, _ ipProtocol: IPProtocol, from input: String, to output: String)
        -> ChainPolicy
      {
        var packet = Packet(
          from: Address(.ipv4, 0x0808_0808), to: Self.container[0], ipProtocol,
          transport: ipProtocol == .icmp
            ? [3, 4, 0, 0, 0, 0, 0, 0] : Packet.transportHeader(ipProtocol, source: 20, destination: 40_000),
          inputInterface: 2, outputInterface: 3)
        (packet.state, packet.inputInterfaceName, packet.outputInterfaceName) = (state, input, output)
        return made.evaluator.evaluate(packet, at: .forward).verdict
      }
      #expect(verdict(.related, .icmp, from: "eth0", to: "docker0") == .accept)
      #expect(verdict(.related, .tcp, from: "eth0", to: "docker0") == .drop)
      for state in [ConntrackState.invalid, .untracked, .new] {
        #expect(verdict(state, .tcp, from: "eth0", to: "docker0") == .drop)
        #expect(verdict(state, .tcp, from: "eth0", to: "eth1") == .accept)
        #expect(verdict(state, .tcp, from: "docker0", to: "br-1") == .accept)
      }
    }
  }

  @Test(arguments: 0..<40) func `a host reaches its containers, and they its resolver and no more`(seed: Int)
  {
    for made in Self.made(seed) {
      let evaluator = Evaluator(made.alone)
      for (link, port, isOpen) in [
        ("docker0", UInt16(53), true), ("br-1", 53, true), ("eth0", 53, false), ("docker0", 5353, false),
        ("docker0", 23, false), ("docker0", 67, false),
      ] {
        for ipProtocol in [IPProtocol.tcp, .udp] {
          var packet = Packet(
            from: Self.container[0], to: Address(.ipv4, 0xac11_0001), ipProtocol,
            transport: Packet.transportHeader(ipProtocol, source: 40_000, destination: port),
            inputInterface: 2)
          packet.inputInterfaceName = link
          #expect(
            evaluator.evaluate(packet, at: .input).verdict == (isOpen ? .accept : .drop),
            "\(ipProtocol) \(port) by \(link)")
          // A translation that leads there from another port, or from there to another one.
          (packet.originalPort, packet.status) = (5353, ConntrackStatus.dnat.rawValue)
          #expect(evaluator.evaluate(packet, at: .input).verdict == .drop)
        }
      }
      for (link, isOpen) in [("docker0", true), ("br-1", true), ("eth0", false)] {
        for state in [ConntrackState.new, .invalid, .untracked] {
          var packet = Packet(
            from: Address(.ipv4, 0xac11_0001), to: Self.container[0], .tcp,
            transport: Packet.transportHeader(.tcp, source: 40_000, destination: 8080), outputInterface: 2)
          (packet.outputInterfaceName, packet.state) = (link, state)
          #expect(
            evaluator.evaluate(packet, at: .output).verdict == (isOpen ? .accept : .drop))
        }
      }
    }
  }

  /// A machine that has no address asks everybody for one, and later the host for the same again. The flow is the only
  /// thing that lets it: the answers are the host's, by a bridge.
  @Test func `a flow lets the host give machines behind a bridge their addresses`() throws {
    let inventory = """
      version: 1
      services: {addressing: [udp/67], addressing6: [udp/547]}
      networks:
        guests: {prefixes: [0.0.0.0/32, 192.168.122.0/24]}
        neighbours: {prefixes: ["fe80::/10"]}
      hosts:
        vm-1: {addresses: [10.4.1.11, "2001:db8::1"], forwarding: containers}
      flows:
        guests-ask: {from: guests, to: vm-1, service: addressing, why: test}
        guests-ask6: {from: neighbours, to: vm-1, service: addressing6, why: test}

      """
    let policy = try #require(
      Inventory.load([SourceFile(path: "all.yaml", bytes: Array(inventory.utf8))]).policy)
    let policies = HostPolicies(policy)
    let evaluator = Evaluator(RulesetCompiler(policy, policies).compile(policies[HostID(0)]))
    let cases: [(String, String, from: UInt16, to: UInt16, isOpen: Bool)] = [
      ("0.0.0.0", "255.255.255.255", 68, 67, true), ("192.168.122.9", "192.168.122.1", 68, 67, true),
      ("172.17.0.2", "172.17.0.1", 68, 67, false), ("0.0.0.0", "255.255.255.255", 68, 69, false),
      ("fe80::9", "ff02::1:2", 546, 547, true), ("2001:db8:9::9", "ff02::1:2", 546, 547, false),
    ]
    for (source, destination, from, to, isOpen) in cases {
      let (source, destination) = (try Address(parsing: source), try Address(parsing: destination))
      var packet = Packet(
        from: source, to: destination, .udp,
        transport: Packet.transportHeader(.udp, source: from, destination: to), inputInterface: 2)
      packet.inputInterfaceName = "virbr0"
      packet.localAddresses = policy.hosts[0].addresses
      #expect(
        (evaluator.evaluate(packet, at: .input).verdict == .accept) == isOpen, "\(source) to \(destination)")
      guard isOpen else { continue }
      var answer = Packet(
        from: try Address(parsing: source.family == .ipv4 ? "192.168.122.1" : "fe80::1"), to: source, .udp,
        transport: Packet.transportHeader(.udp, source: to, destination: from), outputInterface: 2)
      answer.outputInterfaceName = "virbr0"
      #expect(evaluator.evaluate(answer, at: .output).verdict == .accept, "the answer to \(source)")
    }
  }

  @Test(arguments: [Mode.enforce, .observe]) func `the mode of what passes to containers is read back`(
    mode: Mode
  ) throws {
    let all = (0..<40).flatMap { Self.made($0, Modes(mode)) }
    try #require(!all.isEmpty)
    for made in all {
      let base = try #require(made.table.base(.forward))
      #expect(made.table.mode(of: base) == (mode == .enforce ? .enforce : .observe))
      #expect(base.base?.policy == .accept)
      #expect(base.rules.last?.expressions == [.verdict(.accept)])
      #expect(made.table.bridges == ["br-*", "docker0"])
      // One and the same but for how it denies.
      let enforced = RulesetCompiler(made.policy, HostPolicies(made.policy)).compile(
        HostPolicy(
          modes: Modes(.enforce), deny: .drop, forward: made.compiled.forward, dhcp: made.compiled.dhcp,
          mayNameItself: made.compiled.mayNameItself, allowances: made.compiled.allowances))
      if mode == .observe {
        for side in Side.allCases {
          let (one, other) = (made.table.enforcing.base(side), enforced.base(side))
          #expect(one?.base == other?.base && one?.rules.last == other?.rules.last)
          let ends = [made.table.enforcing, enforced].map {
            $0.chain(ChainMeaning.denial(side).name)?.rules.last
          }
          #expect(ends[0]?.expressions.last == ends[1]?.expressions.last)
        }
      }
    }
  }
}

extension ContainerTests.Made {
  /// The table of the host without any flow.
  fileprivate var alone: Table {
    RulesetCompiler(policy, HostPolicies(policy)).compile(
      HostPolicy(
        modes: compiled.modes, deny: .drop, forward: compiled.forward, dhcp: false, mayNameItself: false,
        allowances: []))
  }
}

extension Connection {
  fileprivate var port: UInt16? {
    if case .ports(_, let destination) = kind { destination } else { nil }
  }
}
