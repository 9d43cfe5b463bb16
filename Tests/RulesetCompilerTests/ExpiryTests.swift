import Addressing
import Diagnostics
import Nftables
import Policy
import RulesetCompiler
import Testing

/// The rules that end what a flow with an end has let in.
@Suite struct ExpiryTests {
  /// Where requests are observed they pass after the end too; a rule against their answers would deny what
  /// the mode only watches.
  @Test(arguments: [Mode.enforce, .observe])
  func `answers end with their flow where its requests are enforced, and only there`(mode: Mode) throws {
    let table = table(Modes(ingress: mode, egress: .enforce, forward: .enforce))
    let ended = { (chain: ChainName) in
      table.chain(chain)?.rules.count { $0.comment == "f has ended" } ?? 0
    }
    #expect(ended("input") == 1)
    #expect(ended("output") == (mode == .enforce ? 1 : 0))
  }

  @Test(arguments: [Packet.loopback, 2], [ConntrackState.new, .established])
  func `the end is for others, and not for what a host says to itself`(
    interface: UInt32, state: ConntrackState
  ) {
    let evaluator = Evaluator(table(Modes(.enforce), from: AddressSet([Self.own])))
    var packet = Packet(
      from: Self.own, to: Self.own, .tcp,
      transport: Packet.transportHeader(.tcp, source: 40_000, destination: 80), inputInterface: interface)
    packet.state = state
    packet.time = 2_000_000_000_000
    let isLoopback = interface == Packet.loopback
    #expect((evaluator.evaluate(packet, at: .input).verdict == .accept) == isLoopback)
  }

  /// Behind somebody's NAT packets carry another port than the one the flow was asked for by.
  @Test(arguments: [Hook.input, .output])
  func `the end cuts what came in by another port before NAT`(hook: Hook) {
    let evaluator = Evaluator(table(Modes(.enforce)))
    let office = Address(.ipv4, 0x0a00_0002)
    let isRequest = hook == .input
    var packet = Packet(
      from: isRequest ? office : Self.own, to: isRequest ? Self.own : office, .tcp,
      transport: Packet.transportHeader(
        .tcp, source: isRequest ? 40_000 : 8080, destination: isRequest ? 8080 : 40_000),
      inputInterface: isRequest ? 2 : nil, outputInterface: isRequest ? nil : 2)
    packet.state = .established
    packet.direction = isRequest ? .original : .reply
    packet.originalPort = 80
    packet.time = 999_000_000_000
    #expect(evaluator.evaluate(packet, at: hook).verdict == .accept)
    packet.time = 1_000_000_000_000
    #expect(evaluator.evaluate(packet, at: hook).verdict == .drop)
    packet.originalPort = 81
    #expect(evaluator.evaluate(packet, at: hook).verdict == .accept)
  }

  private static let own = Address(.ipv4, 0x0a00_0001)

  private func table(
    _ modes: Modes, from office: AddressSet = AddressSet([Address(.ipv4, 0x0a00_0002)])
  ) -> Table {
    let here = SourceLocation(file: "expiry.yaml", line: 1, column: 1)
    let own = Self.own
    let host = Host(
      name: "h", addresses: [own], zone: nil, groups: [], modes: modes, deny: .drop, forwarding: .leave,
      dhcp: false, crown: false, ssh: nil, location: here)
    let policy = Policy(
      hosts: [host],
      peers: [
        Peers(name: "h", hosts: [HostID(0)], networks: .init(), addresses: AddressSet([own])),
        Peers(name: "office", hosts: [], networks: office, addresses: office),
      ],
      services: [
        Service(
          name: "s", terms: [ServiceTerm(.tcp, .ports(PortSet([80...80])))], multicast: .init(),
          location: here)
      ],
      flows: [
        Flow(
          name: "f", from: PeersID(1), to: PeersID(0), services: [ServiceID(0)], why: "a test", owner: nil,
          ticket: nil, until: Timestamp(seconds: 1000), location: here)
      ], guards: [], zones: [])
    let policies = HostPolicies(policy)
    return RulesetCompiler(policy, policies).compile(policies[HostID(0)])
  }
}
