import Addressing
import ConnectionSpace
import Diagnostics
import Inventory
import Nftables
import Policy
import PolicySpace
import RulesetCompiler
import Testing

/// Routers that meet in a group of their link and then speak to each other there.
@Suite struct LinkNeighbourTests {
  private static let inventory = """
    version: 1
    services:
      ospf: {protocol: ospf, multicast: [224.0.0.5, 224.0.0.6, "ff02::5", "ff02::6"]}
      vrrp: {protocol: vrrp, multicast: [224.0.0.18, "ff02::12"]}
    hosts:
      r-1: {addresses: [10.0.0.1, "2001:db8::1"], groups: [routers]}
      r-2: {addresses: [10.0.0.2, "2001:db8::2"], groups: [routers]}
      old-1: {addresses: [10.0.0.3]}
      other: {addresses: [10.0.0.4, "2001:db8::4"]}
    flows:
      routing: {from: [routers, old-1], to: [routers, old-1], service: ospf, why: test}
      election: {from: routers, to: routers, service: vrrp, why: test}
      legacy: {from: other, to: old-1, service: ospf, why: test}

    """

  /// Host, direction, the other address, the protocol, and whether it passes.
  private static let cases: [(host: String, direction: Direction, other: String, IPProtocol, passes: Bool)] =
    [
      ("r-1", .egress, "ff02::5", .ospf, true), ("r-1", .egress, "fe80::2", .ospf, true),
      ("r-1", .ingress, "fe80::2", .ospf, true), ("r-1", .egress, "2001:db8::2", .ospf, true),
      ("r-1", .egress, "fe80::2", .vrrp, false), ("r-1", .egress, "fe80::2", .gre, false),
      ("r-1", .egress, "2001:db8::4", .ospf, false), ("other", .egress, "fe80::2", .ospf, false),
      // A flow to hosts without IPv6 has no neighbours there.
      ("old-1", .egress, "10.0.0.1", .ospf, true),
    ]

  @Test func `databases of OSPF go to link-local addresses, and nothing else does`() throws {
    let policy = try #require(
      Inventory.load([SourceFile(path: "all.yaml", bytes: Array(Self.inventory.utf8))]).policy)
    let policies = HostPolicies(policy)
    let compiler = RulesetCompiler(policy, policies)
    let now = Timestamp(seconds: 0)
    let universe = Universe()
    let space = try PolicySpace(policy, policies, at: now, in: universe)
    for (name, direction, other, ipProtocol, passes) in Self.cases {
      let index = try #require(policy.hosts.firstIndex { $0.name == name })
      let there = try Address(parsing: other)
      let here = try #require(policy.hosts[index].addresses.first { $0.family == there.family })
      let (source, destination) = direction == .egress ? (here, there) : (there, here)
      let table = compiler.compile(policies[HostID(index)])
      var packet = Packet(
        from: source, to: destination, ipProtocol, transport: [UInt8](repeating: 0, count: 8),
        inputInterface: direction == .egress ? nil : 2, outputInterface: direction == .egress ? 2 : nil)
      packet.localAddresses = policy.hosts[index].addresses
      let verdict = Evaluator(table).evaluate(packet, at: direction == .egress ? .output : .input).verdict
      let label = "\(name) \(direction) \(other) \(ipProtocol)"
      #expect((verdict == .accept) == passes, "\(label)")
      let asked = Connection(from: source, to: destination, ipProtocol, .plain)
      let judged = Oracle(policy).judge(asked, at: HostID(index), direction, now: now)
      #expect((judged != .denied) == passes, "\(label): \(judged)")
      let point = Point(
        direction == .egress ? .egress : .ingress, from: source, to: destination, ipProtocol)
      #expect(space.sides.contains(point) == passes, "\(label)")
    }
  }
}
