import AgentProtocol
import LabHarness
import Testing

extension KernelProof {
  /// Beside other tables on the same host.
  @Suite struct CoexistenceTests {
    private static let inventory = """
      version: 1
      services: {web: tcp/80, tls: tcp/443, dns: udp/53}
      hosts:
        client: {addresses: [10.0.0.1, "2001:db8::1"]}
        server: {addresses: [10.0.0.2, "2001:db8::2"]}
      flows:
        client-to-server: {from: client, to: server, service: [web, tls, dns], why: a test}
      """

    /// Base chains on our hooks, before, at and after our priority, and what else a ruleset has.
    private static let foreign = """
      table inet early {
        counter seen { }
        set blocked { type ipv4_addr; flags timeout; timeout 1h; elements = { 192.0.2.1 }; }
        chain input { type filter hook input priority -150; policy accept; ip saddr @blocked drop; counter name seen; }
      }
      table ip filter {
        map ports { type inet_service : verdict; elements = { 443 : drop }; }
        chain INPUT { type filter hook input priority 0; policy accept; tcp dport vmap @ports; }
        chain DOCKER-USER { counter return comment "somebody's"; }
      }
      table ip6 late {
        chain out { type filter hook output priority 50; policy accept; udp sport 53 counter drop; }
      }
      table arp a { chain c { type filter hook input priority 0; }; }
      """

    @Test func `drops of other tables still hold, and nothing of theirs is touched`() async throws {
      try await withProofLab(try loaded(Self.inventory), try labRights()) { proof in
        try await proof.lab.load("server", Self.foreign)
        let before = try await proof.foreignRuleset("server")
        #expect(before.contains("table ip6 late"))
        try await proof.apply()
        #expect(try await proof.foreignRuleset("server") == before)
        // A change, and the same again.
        let changed = try proof.changed(
          to: Self.inventory.replacing("service: [web, tls, dns]", with: "service: [web, tls]"))
        try await changed.apply()
        try await proof.apply()
        try await proof.apply()
        #expect(try await proof.foreignRuleset("server") == before)

        _ = try await proof.lab.whileListening(["server"], ["tcp=80,443", "udp=53"]) {
          let outcomes = try await proof.lab.probe(
            "client",
            [
              "tcp - 10.0.0.2 80", "tcp - 10.0.0.2 443", "tcp - 2001:db8::2 443", "udp - 10.0.0.2 53",
              "udp - 2001:db8::2 53",
            ])
          #expect(outcomes == ["open", "silent", "open", "open", "silent"])
        }
        // And it is said.
        let wanted = proof.table(of: "server")
        let comparison = try await proof.ask("server") { try await $0.ask(Look(wanted)) }.comparison
        #expect(
          comparison.foreignChains.map { "\($0.table) \($0.chain)" }.sorted() == [
            "arp a c", "inet early input", "ip filter INPUT", "ip6 late out",
          ])
      }
    }

    @Test func `a foreign redirect is judged by the port that was asked for`() async throws {
      let redirect = """
        table inet nat { chain pre { type nat hook prerouting priority -100
          tcp dport 8080 redirect to :80
          tcp dport 443 redirect to :8443
          udp dport 5300 redirect to :53; }; }
        """
      let attempts = ["10.0.0.2", "2001:db8::2"].flatMap { address in
        ["tcp - \(address) 8080", "tcp - \(address) 443", "tcp - \(address) 8443", "udp - \(address) 5300"]
      }
      try await withProofLab(try loaded(Self.inventory), try labRights()) { proof in
        try await proof.lab.load("server", redirect)
        let heard = try await proof.lab.whileListening(["server"], ["tcp=80,8443", "udp=53"]) {
          // Without us each of them leads somewhere.
          let free = try await proof.lab.probe("client", attempts)
          #expect(free == Array(repeating: "open", count: attempts.count))
          // The client's own egress shall not be what denies.
          try await proof.apply(["server"])
          let outcomes = try await proof.lab.probe("client", attempts)
          #expect(outcomes == ["silent", "open", "silent", "silent", "silent", "open", "silent", "silent"])
        }
        #expect(heard["server"]?.contains("tcp 8443 10.0.0.1 3") == true)
      }
    }

    /// A translation of addresses on the way through: the port asked for at the gateway decides there.
    @Test func `a foreign translation at a gateway does not open a port behind it`() async throws {
      let inventory = """
        version: 1
        services: {web: tcp/80}
        hosts:
          client: {addresses: [10.0.0.1]}
          inner: {addresses: [10.0.9.1]}
          gate: {addresses: [10.0.0.254], forwarding: gateway, routes: [{between: [client, inner]}]}
        flows:
          client-to-inner: {from: client, to: inner, service: web, why: a test}
        """
      try await withProofLab(try loaded(inventory), try labRights()) { proof in
        try await proof.lab.load(
          "gate",
          "table ip nat { chain pre { type nat hook prerouting priority -100; tcp dport 8080 dnat to 10.0.9.1:80; }; }"
        )
        _ = try await proof.lab.whileListening(["inner"], ["tcp=80"]) {
          let attempts = ["tcp - 10.0.9.1 8080", "tcp - 10.0.9.1 80"]
          #expect(try await proof.lab.probe("client", attempts) == ["open", "open"])
          try await proof.apply(["gate"])
          #expect(try await proof.lab.probe("client", attempts) == ["silent", "open"])
        }
      }
    }
  }
}

extension ProofLab {
  /// What is in a host's kernel beside our table, with the handles that would betray a replacement.
  func foreignRuleset(_ host: String) async throws -> String {
    let tables = try await lab.run(host, ["nft", "list", "tables"]).lines.filter {
      $0 != "table inet sekisho"
    }
    var listings: [String] = []
    for table in tables {
      let words = table.split(separator: " ").map(String.init)
      listings.append(try await lab.run(host, ["nft", "-s", "-a", "list"] + words).succeeded())
    }
    // The time that is left is nobody's change.
    return listings.joined().replacing(/expires \w+/, with: "")
  }
}
