import Addressing
import LabHarness
import Nftables
import Testing

extension KernelProof {
  /// Packets that are no beginning of a connection, or lie about where they come from.
  @Suite struct PacketTests {
    /// `outsider` is a neighbour that nobody manages and everybody may be, so that only what the tests are
    /// about denies.
    static let inventory = """
      version: 1
      networks:
        world: {prefixes: ["0.0.0.0/0", "::/0"]}
        outsider: {prefixes: [198.51.100.0/29, "2001:db8:100::/64"]}
      services:
        web: tcp/80
        dns: udp/53
        ping: icmp/echo-request
      hosts:
        client: {addresses: [10.0.0.1, "2001:db8::1"]}
        server: {addresses: [10.0.0.2, "2001:db8::2"]}
      flows:
        client-to-server: {from: client, to: server, service: [web, dns, ping], why: a test}
        server-to-client: {from: server, to: client, service: web, why: a test}
        world-to-server: {from: world, to: server, service: [web, dns, ping], why: a test}
        outsider-to-client: {from: outsider, to: client, service: web, why: a test}
      """

    private static let beginnings: [WirePacket.Flags] = [
      .ack, .rst, .fin, [.fin, .ack], [.rst, .ack], [.syn, .ack], [.syn, .fin], [.syn, .rst], [],
    ]

    @Test func `of all segments only SYN begins a connection that comes in`() async throws {
      try await withLabForPackets { proof in
        for (source, destination) in Self.ends(from: "198.51.100.1", "2001:db8:100::1") {
          let segments = try (Self.beginnings + [.syn]).enumerated().map { number, flags in
            try WirePacket(source, destination).tcp(flags, from: 50_000 + UInt16(number), to: 80)
          }
          let heard = try await proof.inject(segments, from: "outsider", listening: "server", for: "raw=tcp")
          #expect(heard.filter { $0.hasPrefix("tcp 80") } == ["tcp 80 \(source) 1"])
        }
      }
    }

    @Test func `of all segments only SYN begins a connection that goes out`() async throws {
      try await withLabForPackets { proof in
        for (source, destination) in Self.ends(from: "10.0.0.1", "2001:db8::1") {
          for flags in Self.beginnings {
            let segment = try WirePacket(source, destination).tcp(flags, from: 50_000, to: 80)
            #expect(
              try await proof.inject([segment], from: "client") == ["Operation not permitted"], "\(flags)")
          }
          let segment = try WirePacket(source, destination).tcp(.syn, from: 50_001, to: 80)
          let heard = try await proof.inject([segment], from: "client", listening: "server", for: "raw=tcp")
          #expect(heard.filter { $0.hasPrefix("tcp 80") } == ["tcp 80 \(source) 1"])
        }
      }
    }

    @Test(arguments: WirePacket.Extension.allCases)
    func `behind an extension header a connection is judged by its port`(header: WirePacket.Extension)
      async throws
    {
      try await withLabForPackets { proof in
        let segments = try [80, 81, 53].map { port in
          try WirePacket("2001:db8:100::1", "2001:db8::2").tcp(.syn, from: 50_000, to: port).behind(header)
        }
        let heard = try await proof.inject(segments, from: "outsider", listening: "server", for: "raw=tcp")
        #expect(heard.filter { $0.hasPrefix("tcp") } == ["tcp 80 2001:db8:100::1 1"])
      }
    }

    /// Sources that cannot be true, and the rule that knows them.
    private static let forged = [
      ("::ffff:10.0.0.1", "2001:db8::2", "IPv4 in IPv6 source"),
      ("::10.0.0.1", "2001:db8::2", "IPv4 in IPv6 source"),
      ("2001:db8::2", "2001:db8::2", "own address from outside"),
      ("10.0.0.2", "10.0.0.2", "own address from outside"),
    ]

    @Test(arguments: forged)
    func `a source that cannot be true is denied by the rule for it, whatever the flows say`(
      source: String, destination: String, comment: String
    ) async throws {
      try await withLabForPackets { proof in
        // Otherwise the kernel itself drops its own IPv4 addresses before any rule sees them.
        for name in ["all", "eth0"] {
          let path = "/proc/sys/net/ipv4/conf/\(name)/accept_local"
          _ = try await proof.lab.run("server", ["sh", "-c", "echo 1 > \(path)"]).succeeded()
        }
        let packet = try WirePacket(source, destination).udp(from: 50_000, to: 53)
        let heard = try await proof.inject([packet], from: "outsider", listening: "server", for: "raw=udp")
        #expect(heard.filter { $0.hasPrefix("udp 53") } == [])
        #expect(try await proof.packets("server", comment: comment) == 1)

        // It is that rule and no other.
        let whole = proof.table(of: "server")
        try await proof.apply(whole.without(comment), on: "server")
        let heardNow = try await proof.inject([packet], from: "outsider", listening: "server", for: "raw=udp")
        #expect(heardNow.filter { $0.hasPrefix("udp 53") }.count == 1)
      }
    }

    @Test func `redirects are never accepted, not even about a connection of ours`() async throws {
      try await withLabForPackets { proof in
        // The server answers this, so that conntrack knows a connection that it may be told about.
        let attempts = ["udp 10.0.0.1#40000 10.0.0.2 53", "udp 2001:db8::1#40000 2001:db8::2 53"]
        let heard = try await proof.lab.whileListening(["server"], ["udp=53", "raw=icmp,icmpv6"]) {
          #expect(try await proof.lab.probe("client", attempts) == ["open", "open"])
          let answer4 = try WirePacket("10.0.0.2", "10.0.0.1").udp(from: 53, to: 40_000)
          let answer6 = try WirePacket("2001:db8::2", "2001:db8::1").udp(from: 53, to: 40_000)
          let elsewhere = [198, 51, 100, 1] as [UInt8]
          let end = try WirePacket("2001:db8::1", "2001:db8::1").source.networkBytes
          let messages = [
            // Host redirect; for comparison "host unreachable", both about the same answer.
            try WirePacket("198.51.100.1", "10.0.0.2")
              .icmp(type: 5, code: 1, rest: elsewhere, quoting: answer4),
            try WirePacket("198.51.100.1", "10.0.0.2")
              .icmp(type: 3, code: 1, rest: [0, 0, 0, 0], quoting: answer4),
            try WirePacket("2001:db8:100::1", "2001:db8::2", hopLimit: 255)
              .icmp(type: 137, code: 0, rest: [0, 0, 0, 0] + end + end, quoting: answer6),
            try WirePacket("2001:db8:100::1", "2001:db8::2")
              .icmp(type: 1, code: 3, rest: [0, 0, 0, 0], quoting: answer6),
          ]
          #expect(try await proof.inject(messages, from: "outsider").allSatisfy { $0 == "sent" })
        }
        let lines = try #require(heard["server"])
        #expect(lines.contains("icmp 3 198.51.100.1 1"))
        #expect(lines.contains("icmpv6 1 2001:db8:100::1 1"))
        #expect(lines.filter { $0.hasPrefix("icmp 5 ") || $0.hasPrefix("icmpv6 137 ") } == [])
      }
    }

    @Test func `a gateway passes no redirects on`() async throws {
      let inventory =
        PacketTests.inventory + """

            gateway-flow: {from: outsider, to: inner, service: dns, why: a test}
          """
      let hosts = inventory.replacing(
        "hosts:",
        with: """
          hosts:
            inner: {addresses: [10.0.9.1]}
            gate: {addresses: [10.0.0.254], forwarding: gateway, routes: [{between: [outsider, inner]}]}
          """)
      try await withEnforcedLab(hosts, try labRights()) { proof in
        // The end itself shall not be what denies.
        _ = try await proof.lab.run("inner", ["nft", "delete", "table", "inet", "sekisho"]).succeeded()
        let heard = try await proof.lab.whileListening(["inner"], ["udp=53", "raw=icmp"]) {
          let outcome = try await proof.lab.probe("outsider", ["udp 198.51.100.1#40000 10.0.9.1 53"])
          #expect(outcome == ["open"])
          let answer = try WirePacket("10.0.9.1", "198.51.100.1").udp(from: 53, to: 40_000)
          let messages = [
            try WirePacket("198.51.100.1", "10.0.9.1")
              .icmp(type: 5, code: 1, rest: [198, 51, 100, 1], quoting: answer),
            try WirePacket("198.51.100.1", "10.0.9.1")
              .icmp(type: 3, code: 1, rest: [0, 0, 0, 0], quoting: answer),
          ]
          _ = try await proof.inject(messages, from: "outsider")
        }
        #expect(heard["inner"]?.filter { $0.hasPrefix("icmp ") } == ["icmp 3 198.51.100.1 1"])
      }
    }

    @Test func `timestamps are never answered`() async throws {
      try await withLabForPackets { proof in
        let heard = try await proof.lab.whileListening(["server"], ["raw=icmp"]) {
          let outcomes = try await proof.lab.probe(
            "outsider",
            ["icmp - 10.0.0.2 8", "icmp - 10.0.0.2 13", "icmp - 10.0.0.2 15", "icmp - 10.0.0.2 17"])
          #expect(outcomes == ["open", "silent", "silent", "silent"])
        }
        #expect(heard["server"] == ["icmp 8 198.51.100.1 1"])
      }
    }

    private static func ends(from ipv4: String, _ ipv6: String) -> [(String, String)] {
      [(ipv4, "10.0.0.2"), (ipv6, "2001:db8::2")]
    }

    private func withLabForPackets(_ body: (ProofLab) async throws -> Void) async throws {
      try await withEnforcedLab(PacketTests.inventory, try labRights(), body)
    }
  }
}
