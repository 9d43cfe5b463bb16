import Lab
import LabFixtures
import LabHarness
import Policy
import Testing

/// What a probe sees of what a firewall does, on the kernel: `client` and `server` are neighbours, and
/// `inner` is behind `gate`.
@Suite(.serialized, .needsNamespaces) struct OutcomeTests {
  private static let attempts = [
    "tcp - 10.0.0.2 80", "udp - 10.0.0.2 53", "icmp - 10.0.0.2 8",
    "tcp - 2001:db8::2 80", "udp - 2001:db8::2 53", "icmpv6 - 2001:db8::2 128",
  ]

  @Test(arguments: Rights.available)
  func `without a firewall what listens is open and what does not is refused`(rights: Rights) async throws {
    try await withLab(Self.policy(), rights) { lab in
      try await expect(
        lab, "client", Self.attempts,
        [
          "refused", "refused by 10.0.0.2", "open", "refused", "refused by 2001:db8::2", "open",
        ])
      let heard = try await lab.whileListening(["server"], ["tcp=80", "udp=53"]) {
        try await expect(lab, "client", Self.attempts, Array(repeating: "open", count: 6))
      }
      #expect(
        heard["server"] == [
          "tcp 80 10.0.0.1 1", "tcp 80 2001:db8::1 1", "udp 53 10.0.0.1 1", "udp 53 2001:db8::1 1",
        ])
    }
  }

  /// Rules in the input hook of the server, and what the client sees, IPv4 and IPv6.
  private static let input: [(rule: String, v4: [String], v6: [String])] = [
    ("drop", ["silent", "silent", "silent"], ["silent", "silent", "silent"]),
    (
      "reject with icmpx type admin-prohibited",
      Array(repeating: "rejected by 10.0.0.2", count: 3),
      Array(repeating: "rejected by 2001:db8::2", count: 3)
    ),
    (
      "reject", ["rejected by 10.0.0.2", "refused by 10.0.0.2", "rejected by 10.0.0.2"],
      ["rejected by 2001:db8::2", "refused by 2001:db8::2", "rejected by 2001:db8::2"]
    ),
    (
      "meta l4proto tcp reject with tcp reset", ["refused", "open", "open"], ["refused", "open", "open"]
    ),
  ]

  @Test(arguments: Rights.available)
  func `a denial at the destination shows as what it is, and never reaches the witness`(rights: Rights)
    async throws
  {
    try await withLab(Self.policy(), rights) { lab in
      for (rule, v4, v6) in Self.input {
        // Neighbour discovery is not what is tested.
        try await lab.load(
          "server",
          """
          table inet t
          flush table inet t
          table inet t { chain c { type filter hook input priority 0; icmpv6 type 133-136 accept; \(rule); }; }
          """)
        let heard = try await lab.whileListening(["server"], ["tcp=80", "udp=53"]) {
          let outcomes = try await lab.probe("client", Self.attempts)
          #expect(outcomes == v4 + v6, "\(rule)")
        }
        #expect(heard["server"]?.count { $0.hasPrefix("tcp") } == 0, "\(rule)")
        #expect(heard["server"]?.isEmpty == (v4[1] != "open"), "\(rule)")
      }
    }
  }

  @Test(arguments: Rights.available)
  func `a denial of our own egress is told apart, but for TCP that is dropped`(rights: Rights) async throws {
    try await withLab(Self.policy(), rights) { lab in
      for (rule, tcp4, tcp6) in [
        ("drop", "silent", "silent"),
        ("reject with icmpx type admin-prohibited", "rejected by 10.0.0.1", "rejected by 2001:db8::1"),
      ] {
        try await lab.load(
          "client",
          """
          table inet t
          flush table inet t
          table inet t { chain c { type filter hook output priority 0; icmpv6 type 133-136 accept
            oif lo accept; \(rule); }; }
          """)
        try await expect(
          lab, "client", Self.attempts,
          [
            tcp4, "egress denied", "egress denied", tcp6, "egress denied", "egress denied",
          ], "\(rule)")
      }
    }
  }

  @Test(arguments: Rights.available)
  func `a gateway that rejects is named, even with a plain reject`(rights: Rights) async throws {
    try await withLab(Self.policy(), rights) { lab in
      try await lab.load("gate", "table inet t { chain f { type filter hook forward priority 0; reject; }; }")
      try await expect(
        lab, "client", ["tcp - 10.0.9.1 80", "udp - 10.0.9.1 53", "icmp - 10.0.9.1 8"],
        Array(repeating: "rejected by 10.0.0.254", count: 3))
    }
  }

  @Test(arguments: Rights.available)
  func `no way, no such address and no source of that family are told apart from a denial`(rights: Rights)
    async throws
  {
    try await withLab(Self.policy(), rights) { lab in
      try await expect(
        lab, "inner",
        [
          "tcp - 2001:db8::2 80", "udp - 2001:db8::2 53", "icmpv6 - 2001:db8::2 128", "tcp - 10.0.0.77 80",
          "tcp 10.0.0.1 10.0.0.2 80", "tcp 2001:db8::2 10.0.0.2 80",
        ],
        [
          "unreachable", "unreachable", "unreachable", "unreachable by 169.254.0.1",
          "failed: Cannot assign requested address", "failed: source and destination are of two families",
        ])
    }
  }

  @Test(arguments: Rights.available)
  func `protocols without answers are seen by the witness, and connection tracking finds them valid`(
    rights: Rights
  ) async throws {
    try await withLab(Self.policy(), rights) { lab in
      try await lab.load(
        "server",
        "table inet t { chain c { type filter hook input priority 0; ct state invalid drop; }; }")
      let heard = try await lab.whileListening(["server"], ["raw=icmp,icmpv6,esp,ah,gre,sctp,ospf,vrrp"]) {
        let outcomes = try await lab.probe(
          "client",
          [
            "esp - 10.0.0.2 -", "ah - 10.0.0.2 -", "gre - 10.0.0.2 -", "sctp - 10.0.0.2 132",
            "ospf - 10.0.0.2 -", "vrrp - 10.0.0.2 -", "esp - 2001:db8::2 -", "gre - 2001:db8::2 -",
            "sctp - 2001:db8::2 133", "icmp - 10.0.0.2 13", "icmp - 10.0.0.2 8",
          ])
        #expect(outcomes == Array(repeating: "silent", count: 9) + ["open", "open"])
      }
      let lines = try #require(heard["server"]).filter { !$0.hasPrefix("icmpv6 13") }
      #expect(
        lines == [
          "icmp 8 10.0.0.1 1", "icmp 13 10.0.0.1 1", "gre - 10.0.0.1 1", "gre - 2001:db8::1 1",
          "esp - 10.0.0.1 1", "esp - 2001:db8::1 1", "ah - 10.0.0.1 1", "ospf - 10.0.0.1 1",
          "vrrp - 10.0.0.1 1", "sctp 132 10.0.0.1 1", "sctp 133 2001:db8::1 1",
        ])
    }
  }

  @Test(arguments: Rights.available)
  func `a protocol that nobody knows there is refused`(rights: Rights) async throws {
    try await withLab(Self.policy(), rights) { lab in
      try await expect(
        lab, "client", ["99 - 10.0.0.2 -", "99 - 2001:db8::2 -"],
        ["refused by 10.0.0.2", "refused by 2001:db8::2"])
    }
  }

  @Test(arguments: Rights.available)
  func `errors and answers go to the attempts that they are about`(rights: Rights) async throws {
    try await withLab(Self.policy(), rights) { lab in
      try await lab.load(
        "server",
        """
        table inet t { chain c { type filter hook input priority 0
          icmp type timestamp-request drop; icmp type info-request reject with icmp type admin-prohibited; }; }
        """)
      let kinds = [("8", "open"), ("13", "silent"), ("15", "rejected by 10.0.0.2")]
      let mixed = (0..<300).map { kinds[$0 % 3] }
      try await expect(lab, "client", mixed.map { "icmp - 10.0.0.2 \($0.0)" }, mixed.map(\.1))
    }
  }

  @Test(arguments: Rights.available)
  func `a listener answers from the address that was asked, and a port can be ours`(rights: Rights)
    async throws
  {
    try await withLab(Self.policy(), rights) { lab in
      let heard = try await lab.whileListening(["server"], ["udp=53", "tcp=80"]) {
        try await expect(
          lab, "client",
          [
            "udp - 10.0.0.3 53", "udp - 2001:db8::3 53", "udp 10.0.0.1#53 10.0.0.3 53",
            "tcp 10.0.0.1#20 10.0.0.3 80",
          ], Array(repeating: "open", count: 4))
      }
      #expect(
        heard["server"] == ["tcp 80 10.0.0.1 1", "udp 53 10.0.0.1 2", "udp 53 2001:db8::1 1"])
    }
  }

  @Test(arguments: Rights.available)
  func `a port that is taken is said to be unheard, the others are heard`(rights: Rights) async throws {
    try await withLab(Self.policy(), rights) { lab in
      _ = try await lab.whileListening(["server"], ["tcp=80"]) {
        let second = try await lab.whileListening(["server"], ["tcp=80,81"]) {
          try await expect(lab, "client", ["tcp - 10.0.0.2 81"], ["open"])
        }
        #expect(
          second["server"] == [
            "unheard tcp 80 (IPv4): Address already in use", "unheard tcp 80 (IPv6): Address already in use",
            "tcp 81 10.0.0.1 1",
          ])
      }
    }
  }

  @Test(arguments: Rights.available)
  func `thousands of attempts are tried, more at once than there are descriptors`(rights: Rights) async throws
  {
    try await withLab(Self.policy(), rights) { lab in
      let heard = try await lab.whileListening(["server"], ["tcp=80", "udp=53"]) {
        let attempts = (0..<3000).map { $0 % 2 == 0 ? "tcp - 10.0.0.2 80" : "udp - 2001:db8::2 53" }
        let outcomes = try await lab.run(
          "client", ["sh", "-c", "ulimit -n 64; exec \"$0\" probe", supportProgram()],
          input: attempts.joined(separator: "\n"))
        #expect(outcomes.lines == Array(repeating: "open", count: 3000))
      }
      #expect(heard["server"] == ["tcp 80 10.0.0.1 1500", "udp 53 2001:db8::1 1500"])
    }
  }

  /// A silence would be taken for a denial by whoever compares it with the policy.
  @Test(arguments: Rights.available)
  func `what cannot be tried is no silence`(rights: Rights) async throws {
    try await withLab(Self.policy(), rights) { lab in
      let attempts = [
        "icmp - 10.0.0.2 8", "icmpv6 - 2001:db8::2 128", "esp - 10.0.0.2 -", "tcp - 10.0.0.2 80",
      ]
      let unprivileged = try await lab.run(
        "client",
        ["setpriv", "--bounding-set=-net_raw", "--inh-caps=-net_raw", supportProgram(), "probe"],
        input: attempts.joined(separator: "\n"))
      #expect(
        unprivileged.lines == Array(
          repeating: "unsupported: raw sockets need the capability CAP_NET_RAW", count: 3) + ["refused"])
      // Its standard streams are all it may have open.
      let cramped = try await lab.run(
        "client", [supportProgram(), "probe", "300", "3"],
        input: (attempts + ["udp - 10.0.0.2 53"]).joined(separator: "\n"))
      #expect(cramped.lines == Array(repeating: "failed: Too many open files", count: 5))
      // One more, and they are tried one behind the other.
      let narrow = try await lab.run(
        "client", [supportProgram(), "probe", "300", "4"],
        input: ["icmp - 10.0.0.2 8", "tcp - 10.0.0.2 80", "icmp - 10.0.0.2 8"].joined(separator: "\n"))
      #expect(narrow.lines == ["open", "refused", "open"])
    }
  }

  @Test(arguments: Rights.available)
  func `a kernel without a protocol says so, and an end without a route is told apart`(rights: Rights)
    async throws
  {
    try await withLab(Self.policy(), rights) { lab in
      let flushed = try await lab.run("client", ["ip", "address", "flush", "dev", "eth0"])
      #expect(flushed.output == "")
      let outcomes = try await lab.probe(
        "client",
        [
          "tcp 10.0.0.1 10.0.0.2 80", "udp 10.0.0.1 10.0.0.2 53", "icmp 10.0.0.1 10.0.0.2 8",
          "tcp 2001:db8::1 2001:db8::2 80",
        ])
      #expect(outcomes == Array(repeating: "failed: Cannot assign requested address", count: 4))
    }
  }

  @Test(arguments: Rights.available)
  func `large ones arrive in pieces and come back, also over a path that is narrower than it looks`(
    rights: Rights
  ) async throws {
    try await withLab(Self.policy(), rights) { lab in
      let hosts = ["server", "inner"]
      let large = [
        "tcp - 10.0.9.1 80 60000", "udp - 10.0.9.1 53 3000", "icmp - 10.0.9.1 8 3000",
        "tcp - 10.0.0.2 80 60000", "udp - 2001:db8::2 53 3000", "icmpv6 - 2001:db8::2 128 3000",
      ]
      // Shorter than the first link takes, so that it is the gateway that finds them too long.
      let medium = ["tcp - 10.0.9.1 80 60000", "udp - 10.0.9.1 53 1000", "icmp - 10.0.9.1 8 1000"]
      _ = try await lab.whileListening(hosts, ["tcp=80", "udp=53"]) {
        try await expect(lab, "client", large, Array(repeating: "open", count: 6))
        let narrow = try await lab.run(
          "gate",
          [
            "ip", "route", "add", "10.0.9.1/32", "via", "169.254.0.1", "dev", "eth0", "onlink", "mtu", "lock",
            "600",
          ])
        #expect(narrow.output == "")
        try await expect(lab, "client", medium, ["open", "open", "open"])
        // Without "fragmentation needed" the same path is a black hole for all but small packets.
        let forget = try await lab.run("client", ["ip", "route", "flush", "cache"])
        #expect(forget.output == "")
        try await lab.load(
          "client",
          "table inet t { chain c { type filter hook input priority 0; icmp type destination-unreachable drop; }; }"
        )
        try await expect(lab, "client", medium, ["silent", "silent", "silent"])
        try await expect(lab, "client", ["tcp - 10.0.9.1 80", "udp - 10.0.9.1 53"], ["open", "open"])
      }
    }
  }

  private func expect(
    _ lab: Lab, _ host: String, _ attempts: [String], _ outcomes: [String], _ comment: Comment? = nil,
    at location: SourceLocation = #_sourceLocation
  ) async throws {
    let seen = try await lab.probe(host, attempts)
    #expect(seen == outcomes, comment, sourceLocation: location)
  }

  private static func policy() throws -> Policy {
    var fleet = Fleet()
    try fleet.host("client", ["10.0.0.1", "2001:db8::1"])
    try fleet.host("server", ["10.0.0.2", "10.0.0.3", "2001:db8::2", "2001:db8::3"])
    try fleet.host("inner", ["10.0.9.1"])
    try fleet.host("gate", ["10.0.0.254"], between: [("client", "inner")])
    try fleet.peers("client", hosts: ["client"])
    try fleet.peers("inner", hosts: ["inner"])
    return fleet.policy
  }
}
