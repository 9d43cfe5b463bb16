import Addressing
import AgentProtocol
import ConnectionDiff
import ConnectionSpace
import Lab
import LabHarness
import Nftables
import Policy
import RulesetSpace
import Testing

extension KernelProof {
  /// Rulesets of others that translate: what their space says against real packets.
  @Suite struct TranslationProofTests {
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

    @Test(arguments: 0..<6)
    func `packets do what the space of a ruleset that translates says`(number: Int) async throws {
      try await withProofLab(try loaded(GateProof.inventory), try labRights()) { proof in
        let gate = try await GateProof("table inet t {\n\(Self.rulesets[number])\n}", in: proof)
        _ = try await gate.hold("ruleset \(number)", isCertain: true, in: proof)
      }
    }

    /// What becomes of some connections from a host, by the space of the gate's ruleset.
    private func fates(
      _ tables: [Table], _ passage: Passage, from source: [String], _ asked: [(end: String, kind: UInt16)],
      _ ipProtocol: (AddressFamily) -> IPProtocol
    ) throws -> [(surely: Bool, perhaps: Bool)] {
      let own = AddressSet(try GateProof.own.map { try Address(parsing: $0) })
      let universe = Universe()
      let space = try RulesetSpace(tables, passage, Circumstances(ownAddresses: own), in: universe)
      let sources = try source.map { try Address(parsing: $0) }
      return try asked.map { end, kind in
        let destination = try Address(parsing: end)
        let from = try #require(sources.first { $0.family == destination.family })
        let point = Point(passage, from: from, to: destination, ipProtocol(destination.family), kind: kind)
        return (space.lower.contains(point), space.upper.contains(point))
      }
    }

    private func tables(_ rules: String, _ proof: ProofLab) async throws -> [Table] {
      try await proof.lab.load("gate", "table inet t {\n\(rules)\n}\n")
      return try await proof.ask("gate") { agent in try await agent.ask(Read()).tables }
    }

    /// What the gate asks for itself: each rule leads elsewhere, to a host or back to itself.
    private static let outgoing = [
      """
      chain nat { type nat hook output priority -100; ip daddr 10.0.9.1 tcp dport 8080 dnat ip to 10.0.9.1:80; ip6 daddr 2001:db8:9::1 tcp dport 8080 dnat ip6 to [2001:db8:9::1]:80; ip daddr 10.0.9.1 tcp dport 80 dnat ip to 10.0.9.1:81; tcp dport 8443 redirect to :443; }
      chain out { type filter hook output priority 0; policy drop; ct state established accept; meta l4proto ipv6-icmp accept; tcp dport { 80, 443 } accept; }
      """,
      """
      chain nat { type nat hook output priority -100; ip daddr 10.0.0.1 tcp dport { 80, 8080 } dnat ip to 10.0.9.1:80; tcp dport 8443 redirect to :443; tcp dport 81 redirect to :80; }
      chain in { type filter hook input priority 0; policy drop; ct state established accept; meta l4proto ipv6-icmp accept; tcp dport 443 accept; }
      chain early { type filter hook output priority -150; tcp dport 443 drop; }
      """,
    ]

    @Test(arguments: outgoing)
    func `what a host asks for itself and its rules lead elsewhere goes as its space says`(
      rules: String
    ) async throws {
      let ends = ["10.0.9.1", "2001:db8:9::1", "10.0.0.1"]
      let asked = ends.flatMap { end in GateProof.ports.map { (end: end, kind: $0) } }
      try await withProofLab(try loaded(GateProof.inventory), try labRights()) { proof in
        let tables = try await tables(rules, proof)
        let fates = try fates(tables, .egress, from: GateProof.own, asked) { _ in .tcp }
        let listening = ["tcp=" + GateProof.ports.map(String.init).joined(separator: ",")]
        _ = try await proof.lab.whileListening(["gate", "inner", "client"], listening) {
          let outcomes = try await proof.lab.probe("gate", asked.map { "tcp - \($0.end) \($0.kind)" })
          for (((end, port), outcome), fate) in zip(zip(asked, outcomes), fates) {
            #expect(fate.surely == (outcome == "open"), "\(end) \(port): \(outcome), \(fate)")
            #expect(fate.perhaps == (outcome == "open"), "\(end) \(port): \(outcome), \(fate)")
          }
          #expect(outcomes.contains("open") && outcomes.contains { $0 != "open" })
        }
      }
    }

    /// What a table of its own says of packets that another leads behind the gate, and whether they pass: they come by the
    /// gate's one link, `eth0`.
    private static let judging: [(rules: String, passes: Bool)] = [
      (#"iifname "eth0" tcp dport 80 accept;"#, true), (#"iifname "eth*" accept;"#, true),
      (#"iifname { "eth0", "eth1" } accept;"#, true), (#"iifname "eth1" accept;"#, false), ("", false),
    ]

    @Test(arguments: judging)
    func `what is led elsewhere is not told to be stopped where it passes by a link that another table names`(
      rules: String, passes: Bool
    ) async throws {
      try await withProofLab(try loaded(GateProof.inventory), try labRights()) { proof in
        try await proof.lab.load(
          "gate",
          """
          table ip nat {
          chain pre { type nat hook prerouting priority -100; iifname != "docker0" ip daddr 10.0.0.254 tcp dport 8080 dnat to 10.0.9.1:80; }
          }
          table inet t {
          chain on { type filter hook forward priority 0; policy drop; ct state established accept; \(rules) }
          }

          """)
        let tables = try await proof.ask("gate") { agent in try await agent.ask(Read()).tables }
        let known = try TranslationLine.all(
          of: tables, own: try GateProof.own.map { try Address(parsing: $0) }, name: "gate", names: nil,
          at: Timestamp(seconds: 1_800_000_000))
        let line = try #require(known.lines.first { $0.direction == .ingress })
        #expect(line.links == .allBut(["docker0"]) && line.isSure, "\(line.words)")
        _ = try await proof.lab.whileListening(["inner"], ["tcp=80"]) {
          let outcomes = try await proof.lab.probe("client", ["tcp - 10.0.0.254 8080"])
          #expect((outcomes == ["open"]) == passes, "\(outcomes)")
          // Surely passing or surely stopped is what packets do; by another link it may be otherwise.
          #expect(passes ? line.passing != .none : line.passing != .all, "\(line.words)")
          #expect((line.passing == .none) == rules.isEmpty, "\(line.words)")
        }
      }
    }

    /// Echo requests that are led behind the gate, or to it.
    private static let pinging = [
      """
      chain nat { type nat hook prerouting priority -100; ip daddr 10.0.0.254 icmp type echo-request dnat ip to 10.0.9.1; ip6 daddr 2001:db8::fe icmpv6 type echo-request dnat ip6 to 2001:db8:9::1; }
      chain on { type filter hook forward priority 0; policy drop; ct state established accept; ip daddr 10.0.9.1 ip saddr 10.0.0.1 ct status dnat accept; }
      """,
      """
      chain nat { type nat hook prerouting priority -100; ip daddr 10.0.9.1 icmp type echo-request redirect; ip6 daddr 2001:db8:9::1 icmpv6 type echo-request redirect; }
      chain in { type filter hook input priority 0; policy drop; ct state established accept; icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept; ip daddr 10.0.0.254 ct status dnat accept; }
      """,
    ]

    @Test(arguments: pinging)
    func `messages that are led elsewhere go as the space says`(rules: String) async throws {
      let ends = GateProof.own + ["10.0.9.1", "2001:db8:9::1"]
      let source = ["10.0.0.1", "2001:db8::1"]
      try await withProofLab(try loaded(GateProof.inventory), try labRights()) { proof in
        let tables = try await tables(rules, proof)
        var outcomes: [String] = []
        for end in ends {
          let isIPv4 = try Address(parsing: end).family == .ipv4
          let kind: UInt16 = isIPv4 ? 8 : 128
          let passage: Passage = GateProof.own.contains(end) ? .ingress : .forward
          let fate = try fates(tables, passage, from: source, [(end: end, kind: kind)]) {
            $0 == .ipv4 ? .icmp : .icmpv6
          }[0]
          let outcome = try await proof.lab.probe(
            "client", ["\(isIPv4 ? "icmp" : "icmpv6") - \(end) \(kind)"])
          let isOpen = outcome == ["open"]
          #expect(fate.surely == isOpen && fate.perhaps == isOpen, "\(end): \(outcome), \(fate)")
          outcomes += outcome
        }
        #expect(outcomes.contains("open") && outcomes.contains { $0 != "open" }, "\(outcomes)")
      }
    }

    /// Prints `ready`, and takes connections for any address at a port until its input ends.
    private static let transparent = """
      import socket, sys, threading
      def listen(family, level, option):
          s = socket.socket(family); s.setsockopt(level, option, 1); s.bind(("", 3129)); s.listen(9)
          def take():
              while True: s.accept()
          threading.Thread(target=take, daemon=True).start()
      listen(socket.AF_INET, 0, 19)
      print("ready", flush=True)
      sys.stdin.read()
      """

    @Test func `what may be handed to a socket is possible, and happens where one listens`() async throws {
      let rules = """
        chain pre { type filter hook prerouting priority -150; ip daddr 10.0.9.1 tcp dport { 8080, 8443 } tproxy ip to :3129 meta mark set 1 accept; }
        chain in { type filter hook input priority 0; policy drop; ct state established accept; tcp dport 8080 accept; }
        chain on { type filter hook forward priority 0; policy drop; ct state established accept; tcp dport 443 accept; }
        """
      let asked = [80, 443, 8080, 8443].map { (end: "10.0.9.1", kind: UInt16($0)) }
      try await withProofLab(try loaded(GateProof.inventory), try labRights()) { proof in
        let tables = try await tables(rules, proof)
        for command in [
          "ip rule add fwmark 1 lookup 100", "ip route add local default dev lo table 100",
        ] {
          _ = try await proof.lab.run("gate", ["sh", "-c", command]).succeeded()
        }
        let fates = try fates(tables, .forward, from: ["10.0.0.1"], asked) { _ in .tcp }
        #expect(fates.map(\.surely) == [false, true, false, false])
        #expect(fates.map(\.perhaps) == [false, true, true, false])
        _ = try await proof.lab.whileListening(["inner"], ["tcp=80,443,8080,8443"]) {
          let attempts = asked.map { "tcp - \($0.end) \($0.kind)" }
          let without = try await proof.lab.probe("client", attempts)
          #expect(without.map { $0 == "open" } == fates.map(\.surely), "\(without)")
          let listener = try proof.lab.execPrefix("gate") + ["python3", "-c", Self.transparent]
          let (finished, with) = try await whileRunning(listener, after: "ready") {
            try await proof.lab.probe("client", attempts)
          }
          #expect(with.map { $0 == "open" } == fates.map(\.perhaps), "\(with) \(finished.output)")
        }
      }
    }
  }
}
