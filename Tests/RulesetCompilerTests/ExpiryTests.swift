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

  private func table(_ modes: Modes) -> Table {
    let here = SourceLocation(file: "expiry.yaml", line: 1, column: 1)
    let own = Address(.ipv4, 0x0a00_0001)
    let office = AddressSet([Address(.ipv4, 0x0a00_0002)])
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
