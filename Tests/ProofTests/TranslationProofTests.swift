import Addressing
import AgentProtocol
import ConnectionSpace
import LabHarness
import Nftables
import RulesetSpace
import Testing

extension KernelProof {
  /// Rulesets of others that translate: what their space says against real packets.
  @Suite struct TranslationProofTests {
    private static let inventory = """
      version: 1
      services: {web: tcp/80}
      hosts:
        client: {addresses: [10.0.0.1, "2001:db8::1"]}
        inner: {addresses: [10.0.9.1, "2001:db8:9::1"]}
        gate: {addresses: [10.0.0.254, "2001:db8::fe"], forwarding: gateway, routes: [{between: [client, inner]}]}
      flows:
        client-to-inner: {from: client, to: inner, service: web, why: a test}
      """

    /// Each within `table inet t { … }` of the gate.
    private static let rulesets = [
      """
      chain in { type filter hook input priority 0; policy drop; ct state established accept; meta l4proto ipv6-icmp accept; tcp dport 80 accept; }
      chain pre { type nat hook prerouting priority -100; tcp dport 8080 redirect to :80; tcp dport 80 ip saddr 10.0.0.1 redirect to :81; }
      """,
      """
      chain in { type filter hook input priority 0; policy drop; ct state established accept; meta l4proto ipv6-icmp accept; }
      chain on { type filter hook forward priority 0; policy drop; ct state established accept; meta l4proto ipv6-icmp accept; ip daddr 10.0.9.1 tcp dport 80 accept; ip6 daddr 2001:db8:9::1 tcp dport 80 accept; }
      chain pre { type nat hook prerouting priority -100; fib daddr type local tcp dport 8080 dnat ip to 10.0.9.1:80; fib daddr type local tcp dport 8080 dnat ip6 to [2001:db8:9::1]:80; tcp dport 81 dnat ip to 10.0.0.254:80; }
      """,
      """
      map m { type inet_service : ipv4_addr . inet_service; elements = { 8080 : 10.0.9.1 . 80, 8443 : 10.0.0.254 . 443 }; }
      chain in { type filter hook input priority 0; policy drop; ct state established accept; meta l4proto ipv6-icmp accept; ct status dnat tcp dport 443 accept; meta l4proto tcp ct original proto-dst 81 accept; }
      chain on { type filter hook forward priority 0; policy drop; ct state established accept; ct status dnat accept; }
      chain pre { type nat hook prerouting priority -100; meta nfproto ipv4 dnat ip to tcp dport map @m; meta nfproto ipv6 tcp dport { 8443, 8080 } redirect to :tcp dport map { 8443 : 443, 8080 : 81 }; }
      """,
      """
      chain early { type filter hook prerouting priority -150; tcp dport 8080 drop; }
      chain late { type filter hook prerouting priority -50; tcp dport 443 drop; }
      chain odd { type nat hook prerouting priority 50; tcp dport { 8080, 81 } redirect to :80; tcp dport 8443 redirect to :443; }
      """,
      """
      chain pre { type nat hook prerouting priority -100; ip daddr 10.0.0.254 tcp dport { 80, 8080 } dnat ip to 10.0.9.1; tcp dport 81 redirect to :443-443; tcp dport 8443 dnat ip to 10.0.9.1; }
      chain on { type filter hook forward priority 0; policy drop; ct state established accept; tcp dport 80 accept; }
      """,
      """
      chain raw { type filter hook prerouting priority -300; tcp dport 8080 notrack; }
      chain pre { type nat hook prerouting priority -100; tcp dport { 8080, 8443 } redirect to :80; }
      chain in { type filter hook input priority 0; policy drop; ct state established accept; meta l4proto ipv6-icmp accept; ct state new tcp dport { 80, 8080 } accept; }
      """,
    ]

    private static let ports: [UInt16] = [80, 81, 443, 8080, 8443]
    private static let own = ["10.0.0.254", "2001:db8::fe"]

    @Test(arguments: 0..<6)
    func `packets do what the space of a ruleset that translates says`(number: Int) async throws {
      let ends = Self.own + ["10.0.9.1", "2001:db8:9::1"]
      let attempts = ends.flatMap { end in Self.ports.map { (end: end, port: $0) } }
      try await withProofLab(try loaded(Self.inventory), try labRights()) { proof in
        try await proof.lab.load("gate", "table inet t {\n\(Self.rulesets[number])\n}\n")
        let tables = try await proof.ask("gate") { agent in try await agent.ask(Read()).tables }
        let universe = Universe()
        let own = AddressSet(try Self.own.map { try Address(parsing: $0) })
        let circumstances = Circumstances(ownAddresses: own)
        let ingress = try RulesetSpace(tables, .ingress, circumstances, in: universe)
        let forward = try RulesetSpace(tables, .forward, circumstances, in: universe)
        let listening = ["tcp=" + Self.ports.map(String.init).joined(separator: ",")]
        _ = try await proof.lab.whileListening(["gate", "inner"], listening) {
          let outcomes = try await proof.lab.probe("client", attempts.map { "tcp - \($0.end) \($0.port)" })
          for ((end, port), outcome) in zip(attempts, outcomes) {
            let isHere = Self.own.contains(end)
            let destination = try Address(parsing: end)
            let source = try Address(parsing: destination.family == .ipv4 ? "10.0.0.1" : "2001:db8::1")
            let point = Point(isHere ? .ingress : .forward, from: source, to: destination, .tcp, kind: port)
            let space = isHere ? ingress : forward
            let label = "ruleset \(number), \(end) \(port): \(outcome)"
            #expect(space.lower.contains(point) == (outcome == "open"), "\(label)")
            #expect(space.upper.contains(point) == (outcome == "open"), "\(label)")
          }
          // Some of both, or nothing has been tried.
          #expect(outcomes.contains("open") && outcomes.contains { $0 != "open" })
        }
      }
    }
  }
}
