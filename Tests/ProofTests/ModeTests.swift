import Glibc
import LabHarness
import Testing

extension KernelProof {
  /// Denying aloud, only watching, and ends that come by themselves.
  @Suite struct ModeTests {
    private static func inventory(_ server: String, until: String = "") -> String {
      """
      version: 1
      services: {web: tcp/80, dns: udp/53}
      hosts:
        client: {addresses: [10.0.0.1, "2001:db8::1"]}
        rival:  {addresses: [10.0.0.3, "2001:db8::3"]}
        server: {addresses: [10.0.0.2, "2001:db8::2"]\(server)}
      flows:
        timed: {from: client, to: server, service: [web, dns], why: a test\(until)}
        lasting: {from: rival, to: server, service: web, why: a test}
        timed-back: {from: server, to: client, service: web, why: a test\(until)}
        lasting-back: {from: server, to: rival, service: web, why: a test}
      """
    }

    @Test func `a host that observes lets everything pass and remembers what it would deny`() async throws {
      let inventory = Self.inventory(", mode: observe")
      try await withProofLab(try loaded(inventory), try labRights()) { proof in
        try await proof.apply(["server"])
        _ = try await proof.lab.whileListening(["server", "client"], ["tcp=80,81", "udp=53,54"]) {
          let asked = try await proof.lab.probe(
            "client",
            [
              "tcp - 10.0.0.2 80", "tcp - 10.0.0.2 81", "udp - 2001:db8::2 54", "icmp - 10.0.0.2 8",
            ])
          #expect(asked == Array(repeating: "open", count: 4))
          let asking = try await proof.lab.probe(
            "server", ["tcp - 10.0.0.1 80", "udp - 10.0.0.1 54", "icmpv6 - 2001:db8::1 128"])
          #expect(asking == Array(repeating: "open", count: 3))
        }
        let remembered = [
          ("in/denied.v4", ["10.0.0.1 . tcp . 81"]), ("in/denied.v6", ["2001:db8::1 . udp . 54"]),
          ("in/denied-icmp.v4", ["10.0.0.1 . echo-request"]), ("out/denied.v4", ["10.0.0.1 . udp . 54"]),
          ("out/denied-icmp.v6", ["2001:db8::1 . echo-request"]), ("out/denied.v6", []),
        ]
        for (set, expected) in remembered {
          let found = try await proof.elements(of: set, on: "server")
          #expect(found == expected, "\(set)")
        }
      }
    }

    @Test func `a host that rejects says that the administrator forbids it, at once and in both directions`()
      async throws
    {
      let inventory = Self.inventory(", deny: reject")
      try await withProofLab(try loaded(inventory), try labRights()) { proof in
        try await proof.apply(["server"])
        let heard = try await proof.lab.whileListening(["client"], ["raw=icmp,icmpv6", "tcp=81"]) {
          let outcomes = try await proof.lab.probe(
            "client", ["tcp - 10.0.0.2 81", "udp - 10.0.0.2 54", "tcp - 2001:db8::2 81", "icmp - 10.0.0.2 8"])
          #expect(
            outcomes == [
              "rejected by 10.0.0.2", "rejected by 10.0.0.2", "rejected by 2001:db8::2",
              "rejected by 10.0.0.2",
            ])
          let own = try await proof.lab.probe("server", ["tcp - 10.0.0.1 81", "tcp - 2001:db8::1 81"])
          #expect(own == ["rejected by 10.0.0.2", "rejected by 2001:db8::2"])
        }
        #expect(heard["client"]?.contains("icmp 3 10.0.0.2 3") == true)
        #expect(heard["client"]?.contains("icmpv6 1 2001:db8::2 1") == true)
        let rejecting = try await proof.listing("server").split(separator: "\n").filter {
          $0.contains("reject with icmpx type admin-prohibited")
            || $0.contains("reject with icmpx admin-prohibited")
        }
        #expect(rejecting.count == 2)
      }
    }

    @Test func `when its time has come a flow ends with its connections, and no other flow's`() async throws {
      try await withProofLab(try loaded(Self.inventory("")), try labRights()) { proof in
        let end = time(nil) + 6
        let timed = try proof.changed(to: Self.inventory("", until: ", until: \"\(Self.text(of: end))\""))
        try await timed.apply()
        _ = try await proof.lab.whileListening(["server", "client", "rival"], ["tcp=80", "udp=53"]) {
          async let there4 = proof.talk("client", to: "10.0.0.2", over: end)
          async let there6 = proof.talk("client", to: "2001:db8::2", over: end)
          async let back = proof.talk("server", to: "10.0.0.1", over: end)
          async let lasting = proof.talk("rival", to: "10.0.0.2", over: end)
          async let lastingBack = proof.talk("server", to: "2001:db8::3", over: end)
          let before = try await proof.lab.probe("client", ["tcp - 10.0.0.2 80", "udp - 10.0.0.2 53"])
          let isBefore = time(nil) < end
          #expect(before == ["open", "open"] || !isBefore)

          let cut = try await [there4, there6, back]
          #expect(cut == Array(repeating: ["echo", "silent"], count: 3))
          let kept = try await [lasting, lastingBack]
          #expect(kept == Array(repeating: ["echo", "echo"], count: 2))
          let after = try await proof.lab.probe("client", ["tcp - 10.0.0.2 80", "udp - 10.0.0.2 53"])
          #expect(after == ["silent", "egress denied"])
          let other = try await proof.lab.probe("rival", ["tcp - 10.0.0.2 80"])
          #expect(other == ["open"])
        }
        // Each end has cut what came to it.
        #expect(try await proof.packets("client", comment: "timed has ended") > 0)
      }
    }

    @Test func `a flow ends with its connections behind a NAT of others, too`() async throws {
      try await withProofLab(try loaded(Self.inventory("")), try labRights()) { proof in
        let end = time(nil) + 6
        let timed = try proof.changed(to: Self.inventory("", until: ", until: \"\(Self.text(of: end))\""))
        try await timed.apply()
        try await proof.lab.load(
          "server",
          """
          table inet other {
            chain p {
              type nat hook prerouting priority dstnat
              tcp dport 80 redirect to :8080
            }
          }
          """)
        _ = try await proof.lab.whileListening(["server"], ["tcp=8080"]) {
          async let there4 = proof.talk("client", to: "10.0.0.2", over: end)
          async let there6 = proof.talk("client", to: "2001:db8::2", over: end)
          async let lasting = proof.talk("rival", to: "10.0.0.2", over: end)
          let cut = try await [there4, there6]
          #expect(cut == Array(repeating: ["echo", "silent"], count: 2))
          let kept = try await lasting
          #expect(kept == ["echo", "echo"])
        }
        #expect(try await proof.packets("server", comment: "timed has ended") > 0)
      }
    }

    private static func text(of moment: Int) -> String {
      var moment = moment
      var parts = tm()
      gmtime_r(&moment, &parts)
      func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
      return "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
        + "T\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))Z"
    }
  }
}

extension ProofLab {
  /// Holds a connection to port 80 over a moment.
  ///
  /// - Returns: what came of a byte before and after it.
  func talk(_ host: String, to address: String, over moment: Int) async throws -> [String] {
    try await lab.run(host, [supportProgram(), "talk", address, "80", "\(moment)"]).lines
  }

  /// The keys of what a set of the kernel remembers, as nft prints them.
  func elements(of set: String, on host: String) async throws -> [String] {
    let listing = try await lab.run(host, ["nft", "list", "set", "inet", "sekisho", set]).succeeded()
    guard let inside = listing.firstMatch(of: /elements = \{([^}]*)\}/)?.1 else { return [] }
    return inside.split(separator: ",").map { element in
      element.split(whereSeparator: \.isWhitespace)
        .prefix { !["timeout", "expires", "counter"].contains($0) }.joined(separator: " ")
    }.sorted()
  }
}
