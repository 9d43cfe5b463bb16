import Addressing
import Lab
import LabHarness
import Nftables
import Policy
import Testing

extension KernelProof {
  /// What every host needs to stay on the network at all.
  @Suite struct SkeletonTests {
    private static let inventory = """
      version: 1
      services:
        web: tcp/80
        dns: udp/53
        ping: icmp/echo-request
        vrrp: {protocol: vrrp, multicast: [224.0.0.18, "ff02::12"]}
        mdns: {protocol: udp, ports: [5353], multicast: [224.0.0.251, "ff02::fb"]}
      hosts:
        client: {addresses: [10.0.0.1, "2001:db8::1"], groups: [members]}
        server: {addresses: [10.0.0.2, "2001:db8::2"], groups: [members]}
        other:  {addresses: [10.0.0.3, "2001:db8::3"]}
      flows:
        client-to-server: {from: client, to: server, service: [web, dns, ping], why: a test}
        members: {from: members, to: members, service: [vrrp], why: a test}
        names: {from: client, to: server, service: [mdns], why: a test}
      """

    private static let allowed = [
      "tcp - 10.0.0.2 80", "udp - 10.0.0.2 53", "icmp - 10.0.0.2 8", "tcp - 2001:db8::2 80",
      "udp - 2001:db8::2 53", "icmpv6 - 2001:db8::2 128",
    ]

    @Test func `after a flush of all neighbours hosts find each other again`() async throws {
      try await withEnforcedLab(Self.inventory, try labRights()) { proof in
        _ = try await proof.lab.whileListening(["server"], ["tcp=80", "udp=53"]) {
          #expect(try await proof.lab.probe("client", Self.allowed) == Array(repeating: "open", count: 6))
          try await proof.flushNeighbours(["client", "server"])
          let outcomes = try await proof.lab.probe("client", Self.allowed)
          #expect(outcomes == Array(repeating: "open", count: 6))

          // It is the rule for it that keeps IPv6 alive.
          for host in ["client", "server"] {
            try await proof.apply(proof.table(of: host).without("neighbour discovery"), on: host)
          }
          try await proof.flushNeighbours(["client", "server"])
          let dead = try await proof.lab.probe("client", Self.allowed)
          #expect(dead[..<3] == ["open", "open", "open"])
          #expect(!dead[3...].contains("open"))
        }
      }
    }

    @Test func `a host talks to itself by the loopback's addresses and by its own`() async throws {
      try await withEnforcedLab(Self.inventory, try labRights()) { proof in
        _ = try await proof.lab.whileListening(["server"], ["tcp=80,9999", "udp=9999"]) {
          let attempts = ["127.0.0.1", "10.0.0.2", "::1", "2001:db8::2"].flatMap { address in
            let ping = address.contains(":") ? "icmpv6 - \(address) 128" : "icmp - \(address) 8"
            return ["tcp - \(address) 80", "tcp - \(address) 9999", "udp - \(address) 9999", ping]
          }
          let outcomes = try await proof.lab.probe("server", attempts)
          #expect(outcomes == Array(repeating: "open", count: attempts.count))
        }
      }
    }

    @Test func `members of a multicast service hear each other, and nobody else takes part`() async throws {
      try await withEnforcedLab(Self.inventory, try labRights()) { proof in
        let from = { @Sendable (number: Int) in
          ["vrrp 10.0.0.\(number) 224.0.0.18 -", "vrrp 2001:db8::\(number) ff02::12 -"]
        }
        let heard = try await proof.lab.whileListening(
          ["client", "server", "other"], ["raw=vrrp", "group=224.0.0.18,ff02::12"]
        ) {
          for (number, host) in zip(1..., ["client", "server", "other"]) {
            let outcomes = try await proof.lab.probe(host, from(number))
            #expect(outcomes == Array(repeating: host == "other" ? "egress denied" : "silent", count: 2))
          }
        }
        #expect(heard["client"] == ["vrrp - 10.0.0.2 1", "vrrp - 2001:db8::2 1"])
        #expect(heard["server"] == ["vrrp - 10.0.0.1 1", "vrrp - 2001:db8::1 1"])
        #expect(heard["other"] == [])
      }
    }

    /// Connection tracking takes the answer for a new connection: it comes from where nothing was sent to.
    @Test func `members answer a multicast request from their own addresses, to the declared ports`()
      async throws
    {
      let policy = try loaded(Self.inventory).withReplies(to: 40_000...40_009, of: "mdns")
      try await withProofLab(policy, try labRights()) { proof in
        try await proof.apply()
        _ = try await proof.lab.whileListening(["server"], ["udp=5353", "group=224.0.0.251,ff02::fb"]) {
          let outcomes = try await proof.lab.probe(
            "client",
            [
              "udp 10.0.0.1#40000 224.0.0.251 5353", "udp 2001:db8::1#40009 ff02::fb 5353",
              "udp 10.0.0.1#40010 224.0.0.251 5353", "udp 2001:db8::1#39999 ff02::fb 5353",
            ])
          #expect(outcomes == ["open", "open", "silent", "silent"])
        }
      }
    }

    /// The kernel chooses a link-local source for a group of one link, and VRRP demands it.
    @Test func `members of a group are heard from their link-local addresses, and nobody else is`()
      async throws
    {
      let policy = try loaded(Self.inventory).withReplies(to: 40_000...40_009, of: "mdns")
      try await withProofLab(policy, try labRights()) { proof in
        try await proof.apply()
        let heard = try await proof.lab.whileListening(
          ["client", "server", "other"], ["udp=5353,5354", "raw=vrrp", "group=ff02::12,ff02::fb"]
        ) {
          let asked = try await proof.lab.probe(
            "client",
            [
              "vrrp - ff02::12 -", "udp -#40000 ff02::fb 5353", "udp -#40010 ff02::fb 5353",
              "udp - ff02::fb 5354",
            ])
          // The answers come from a link-local address too, to the declared ports alone.
          #expect(asked == ["silent", "open", "silent", "egress denied"])
          let told = try await proof.lab.probe("server", ["vrrp - ff02::12 -", "udp - ff02::fb 5353"])
          #expect(told == ["silent", "egress denied"])
          #expect(try await proof.lab.probe("other", ["vrrp - ff02::12 -"]) == ["egress denied"])
        }
        func isLinkLocal(_ line: String) -> Bool { line.split(separator: " ")[2].hasPrefix("fe80::") }
        let server = try #require(heard["server"])
        #expect(server.allSatisfy(isLinkLocal), "\(server)")
        #expect(server.map { $0.split(separator: " ").prefix(2) } == [["udp", "5353"], ["vrrp", "-"]])
        let client = try #require(heard["client"])
        #expect(
          client.allSatisfy(isLinkLocal) && client.count == 1 && client[0].hasPrefix("vrrp"), "\(client)")
        #expect(heard["other"] == [])
        // Ports that the service does not have stay closed to link-local addresses, too.
        let rules = try await proof.listing("server")
        #expect(rules.contains("ip6 saddr fe80::/10 counter packets 1"), "\(rules)")
      }
    }

    /// What the loader says of a ping of a group is what connection tracking does with the answers.
    @Test func `a ping of a group is answered, and no answer comes through`() async throws {
      let (policy, rights) = (try loaded(Self.inventory), try labRights())
      try await withProofLab(policy, rights) { proof in
        // Nothing is filtered but what connection tracking finds invalid.
        try await proof.lab.load(
          "client",
          """
          table inet t { chain c { type filter hook input priority 0
            icmpv6 type echo-reply ct state invalid counter drop
            icmpv6 type echo-reply counter accept; }; }
          """)
        _ = try await proof.lab.probe("client", ["icmpv6 - ff02::1 128"])
        let rules = try await proof.lab.run("client", ["nft", "list", "ruleset"]).output
        #expect(!rules.contains("invalid counter packets 0 "), "\(rules)")
        #expect(rules.contains("echo-reply counter packets 0 "), "\(rules)")
      }
    }

    @Test func `large transfers learn the width of a path through a gateway, in both families`() async throws
    {
      let inventory = """
        version: 1
        services: {web: tcp/80, dns: udp/53}
        hosts:
          client: {addresses: [10.0.0.1, "2001:db8::1"]}
          inner: {addresses: [10.0.9.1, "2001:db8:9::1"]}
          gate:
            addresses: [10.0.0.254, "2001:db8::fe"]
            forwarding: gateway
            routes: [{between: [client, inner]}]
        flows:
          client-to-inner: {from: client, to: inner, service: [web, dns], why: a test}
        """
      try await withEnforcedLab(inventory, try labRights()) { proof in
        let narrow = [
          ["10.0.9.1/32", "via", "169.254.0.1", "dev", "eth0", "onlink", "mtu", "lock", "600"],
          ["2001:db8:9::1/128", "via", "fe80::1", "dev", "eth0", "onlink", "mtu", "1280"],
        ]
        for route in narrow {
          _ = try await proof.lab.run("gate", ["ip", "route", "add"] + route).succeeded()
        }
        _ = try await proof.lab.whileListening(["inner"], ["tcp=80", "udp=53"]) {
          let outcomes = try await proof.lab.probe(
            "client",
            [
              "tcp - 10.0.9.1 80 60000", "tcp - 2001:db8:9::1 80 60000", "udp - 10.0.9.1 53 1000",
            ])
          #expect(outcomes == ["open", "open", "open"])
          // The sender has been told, and not just been lucky.
          for (address, mtu) in [("10.0.9.1", "mtu 600"), ("2001:db8:9::1", "mtu 1280")] {
            let route = try await proof.lab.run("client", ["ip", "route", "get", address])
            #expect(route.output.contains(mtu), "\(route.output)")
          }
        }
      }
    }

    @Test func `what comes in fragments is judged as the whole it was`() async throws {
      try await withEnforcedLab(Self.inventory, try labRights()) { proof in
        let heard = try await proof.lab.whileListening(["server"], ["udp=53,54"]) {
          let outcomes = try await proof.lab.probe(
            "client",
            [
              "udp - 10.0.0.2 53 4000", "udp - 2001:db8::2 53 4000", "icmp - 10.0.0.2 8 4000",
              "icmpv6 - 2001:db8::2 128 4000", "udp - 10.0.0.2 54 4000", "udp - 2001:db8::2 54 4000",
            ])
          let denied = Array(repeating: "egress denied", count: 2)
          #expect(outcomes == Array(repeating: "open", count: 4) + denied)
          // Past an end that lets them out.
          _ = try await proof.lab.run("client", ["nft", "delete", "table", "inet", "sekisho"]).succeeded()
          let incoming = try await proof.lab.probe(
            "client", ["udp - 10.0.0.2 53 4000", "udp - 10.0.0.2 54 4000", "udp - 2001:db8::2 54 4000"])
          #expect(incoming == ["open", "silent", "silent"])
        }
        #expect(heard["server"]?.contains { $0.hasPrefix("udp 54") } == false)
      }
    }

    @Test func `a declared client of DHCP gets its answers, and nobody else asks`() async throws {
      let inventory = """
        version: 1
        networks: {provider: {prefixes: [198.51.100.0/29, "2001:db8:100::/64"]}}
        services: {web: tcp/80}
        hosts:
          client: {addresses: [10.0.0.1, "2001:db8::1"], dhcp: true}
          server: {addresses: [10.0.0.2, "2001:db8::2"]}
        flows:
          some: {from: provider, to: [client, server], service: web, why: a test}
        """
      try await withEnforcedLab(inventory, try labRights()) { proof in
        _ = try await proof.lab.whileListening(["provider"], ["udp=67,547", "group=ff02::1:2"]) {
          for (host, address, expected) in [
            ("client", "10.0.0.1", "open"), ("server", "10.0.0.2", "egress denied"),
          ] {
            let addresses = try await proof.lab.run(
              host, ["ip", "-6", "-o", "address", "show", "dev", "eth0"])
            let local = try #require(addresses.output.firstMatch(of: /fe80[0-9a-f:]+/)?.0)
            let outcomes = try await proof.lab.probe(
              host,
              [
                // A renewal to the server itself, and a request to all servers, whose answer nothing was sent to.
                "udp \(address)#68 198.51.100.1 67", "udp \(local)#546 ff02::1:2 547",
                "udp \(address)#69 198.51.100.1 67",
              ])
            #expect(outcomes == [expected, expected, "egress denied"], "\(host)")
          }
        }
      }
    }

    @Test func `answers of servers come back by TCP and UDP, and nothing else comes with them`() async throws
    {
      try await withEnforcedLab(Self.inventory, try labRights()) { proof in
        _ = try await proof.lab.whileListening(["server"], ["tcp=80", "udp=53"]) {
          let outcomes = try await proof.lab.probe(
            "client", ["tcp - 10.0.0.2 80 3000", "udp - 2001:db8::2 53 1000"])
          #expect(outcomes == ["open", "open"])
        }
        _ = try await proof.lab.whileListening(["client"], ["tcp=40000", "udp=40000"]) {
          // The other end has no flow: from the same ports, to the same ports.
          let reversed = try await proof.lab.probe(
            "server", ["tcp 10.0.0.2#80 10.0.0.1 40000", "udp 2001:db8::2#53 2001:db8::1 40000"])
          #expect(reversed == ["silent", "egress denied"])
        }
      }
    }
  }
}

extension ProofLab {
  /// Forgets all neighbours in hosts and in the core, which is every host's neighbour.
  func flushNeighbours(_ hosts: [String]) async throws {
    let core = try lab.execPrefix(hosts[0]).map { word in
      word.hasPrefix("--net=") ? "--net=/proc/\(lab.keeper)/ns/net" : word
    }
    for family in ["-4", "-6"] {
      for prefix in try hosts.map({ try lab.execPrefix($0) }) + [core] {
        _ = try await run(prefix + ["ip", family, "neigh", "flush", "all"])
      }
    }
  }
}

extension Policy {
  /// The policy with answers to requests of one multicast service.
  fileprivate func withReplies(to ports: ClosedRange<UInt16>, of name: String) -> Policy {
    Policy(
      hosts: hosts, peers: peers,
      services: services.map { service in
        service.name != name
          ? service
          : Service(
            name: name, terms: service.terms, multicast: service.multicast, replies: PortSet([ports]),
            location: service.location)
      }, flows: flows, guards: guards, zones: zones)
  }
}
