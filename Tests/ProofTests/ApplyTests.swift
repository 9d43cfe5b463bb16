import Addressing
import AgentProtocol
import Fleet
import Glibc
import LabHarness
import Nftables
import Policy
import RulesetCompiler
import RulesetDiff
import Testing

extension HostProof {
  /// One change after the other through the agent, in a namespace that has nothing but its loopback.
  @Suite struct ApplyTests {
    private static func inventory(_ flows: String = "", hosts: String = "", groups: String = "") -> String {
      """
      version: 1
      networks:
        office: {prefixes: [198.51.100.0/28, "2001:db8:100::/64"]}
      services:
        web: tcp/80
        range: tcp/8000-8010
        wide: tcp/8005-8020
        dns: [udp/53, tcp/53]
        odd: {protocol: 99}
      hosts:
        client: {addresses: [10.0.0.1, "2001:db8::1"]}
        server: {addresses: [10.0.0.2, "2001:db8::2"]}
      \(hosts)
      \(groups)
      flows:
        base: {from: client, to: server, service: web, why: a test}
      \(flows)
      """
    }

    @Test func `the first apply makes the table, and the same again sends nothing`() async throws {
      try await withNamespace { place in
        let table = try Self.server()
        let found = try await place.look(table).comparison
        #expect(!found.isInstalled)
        #expect(try await place.nft("list", "tables") == "")
        let first = try await place.apply(table)
        #expect(first.operations > 0)
        #expect(try await place.nft("list", "tables") == "table inet sekisho\n")
        let second = try await place.apply(table)
        #expect(second.operations == 0)
        #expect(second.generation == first.generation)
        #expect(try await place.look(table).comparison.change.isEmpty)
      }
    }

    @Test func `a host without any flow gets a table that denies everything`() async throws {
      let text = Self.inventory(hosts: "  cold: {addresses: [10.0.5.1]}")
      try await withNamespace { place in
        let table = try Self.table(of: "cold", text)
        try await place.apply(table)
        #expect(try await place.apply(table).operations == 0)
        let listing = try await place.nft("list", "table", "inet", "sekisho")
        #expect(listing.split(separator: "\n").filter { $0.contains("policy drop") }.count == 2)
      }
    }

    @Test func `every ruleset of the reference inventory loads where there is no interface but lo`()
      async throws
    {
      let policy = try reference()
      let policies = HostPolicies(policy)
      let compiler = RulesetCompiler(policy, policies)
      try await withNamespace { place in
        for table in policies.distinct.map({ compiler.compile($0) }) {
          try await place.apply(table)
          #expect(try await place.apply(table).operations == 0)
          let listing = try await place.nft("list", "table", "inet", "sekisho")
          // An unknown interface by index would refuse the load; ours has one index, which always exists.
          let interfaces = listing.split(separator: "\n").filter { $0.contains("iif") || $0.contains("oif") }
          #expect(!interfaces.isEmpty && interfaces.allSatisfy { $0.contains("\"lo\"") })
        }
      }
    }

    /// One change each that the kernel takes only in the right order, or not in place.
    static let changes: [(name: String, from: String, to: String)] = [
      (
        "a service disappears while its chain is jumped to",
        inventory("  f: {from: office, to: server, service: [dns, odd, range], why: a test}"),
        inventory()
      ),
      (
        "a service comes that shares ports with another",
        inventory("  f: {from: office, to: server, service: range, why: a test}"),
        inventory("  f: {from: office, to: server, service: [range, wide], why: a test}")
      ),
      (
        "two services on one port become one",
        inventory(
          "  f: {from: office, to: server, service: [range, wide], why: a test}\n  g: {from: client, to: server, service: [wide, dns], why: a test}"
        ),
        inventory("  g: {from: client, to: server, service: wide, why: a test}")
      ),
      (
        "a set changes its type from ranges to addresses",
        inventory(
          "  f: {from: crew, to: server, service: web, why: a test}", groups: "groups: {crew: office}"),
        inventory(
          "  f: {from: crew, to: server, service: web, why: a test}",
          hosts: "  c1: {addresses: [10.0.1.1, \"2001:db8:1::1\"]}", groups: "groups: {crew: c1}")
      ),
      (
        "a set changes its type from addresses to ranges, in rules and in the end of a flow",
        inventory(
          "  f: {from: crew, to: server, service: dns, why: a test, until: 2099-01-01}",
          hosts: "  c1: {addresses: [10.0.1.1, \"2001:db8:1::1\"]}", groups: "groups: {crew: c1}"),
        inventory(
          "  f: {from: crew, to: server, service: dns, why: a test, until: 2099-01-01}",
          groups: "groups: {crew: office}")
      ),
      (
        "everything goes but the skeleton",
        inventory("  f: {from: office, to: server, service: [dns, wide], why: a test}"),
        inventory().replacing("from: client, to: server", with: "from: client, to: office")
      ),
      (
        "enforcing becomes observing", inventory(),
        inventory().replacing("\"2001:db8::2\"]", with: "\"2001:db8::2\"], mode: observe, deny: reject")
      ),
    ]

    @Test(arguments: changes)
    func `a change and its way back arrive whole`(name: String, from: String, to: String) async throws {
      let before = try Self.server(from)
      let after = try Self.server(to)
      #expect(before != after)
      try await withNamespace { place in
        try await place.apply(before)
        for table in [after, before, after] {
          #expect(try await place.apply(table).operations > 0)
          #expect(try await place.apply(table).operations == 0)
        }
        // As if nothing else had ever been there.
        let changed = try await place.nft("-s", "list", "table", "inet", "sekisho")
        _ = try await place.nft("delete", "table", "inet", "sekisho")
        try await place.apply(after)
        let fresh = try await place.nft("-s", "list", "table", "inet", "sekisho")
        #expect(Self.comparable(changed) == Self.comparable(fresh))
      }
    }

    @Test func `a group grows past the size of its set, step by step, and its rule keeps its handle`()
      async throws
    {
      func text(_ count: Int) -> String {
        Self.inventory(
          "  f: {from: crew, to: server, service: web, why: a test}",
          hosts: "  c-[1..\(count)]: {addresses: [\"10.0.1.[1..\(count)]\"], groups: [crew]}")
      }
      try await withNamespace { place in
        var handles: Set<Substring> = []
        for count in [2, 9, 17, 33, 200, 3] {
          let table = try Self.server(text(count))
          try await place.apply(table)
          #expect(try await place.apply(table).operations == 0)
          let listing = try await place.nft("-a", "list", "chain", "inet", "sekisho", "in.web")
          let rule = try #require(listing.split(separator: "\n").first { $0.contains("comment \"f\"") })
          handles.insert(try #require(rule.split(separator: " ").last))
          let set = try await place.nft("list", "set", "inet", "sekisho", "crew.v4")
          #expect(set.matches(of: /10\.0\.1\.\d+/).count == count)
        }
        #expect(handles.count == 1)
      }
    }

    @Test func `what has changed since it was looked at is refused by name, and nothing changes`()
      async throws
    {
      try await withNamespace { place in
        let table = try Self.server()
        let other = try Self.server(
          Self.inventory("  f: {from: office, to: server, service: dns, why: a test}"))
        try await place.apply(table)
        _ = try await place.nft("add", "table", "ip", "somebody")
        _ = try await place.nft(
          "add", "chain", "ip", "somebody", "c", "{ type filter hook input priority 0; }")
        for (words, named) in [
          (["add", "rule", "ip", "somebody", "c", "tcp", "dport", "22", "drop"], "table ip somebody"),
          (["add", "chain", "ip", "somebody", "c", "{ policy drop; }"], "table ip somebody"),
          (["insert", "rule", "inet", "sekisho", "input", "accept"], "Sekisho's table"),
        ] {
          let seen = try await place.look(other).seen
          _ = try await run(place.prefix + ["nft"] + words).succeeded()
          let before = try await place.nft("-a", "list", "ruleset")
          let failure = await #expect(throws: AgentFailure.self) { try await place.apply(other, seen: seen) }
          #expect(failure?.code == .moved)
          #expect(failure?.happened == .nothing)
          #expect(failure?.message.contains(named) == true, "\(String(describing: failure))")
          #expect(try await place.nft("-a", "list", "ruleset") == before)
        }
        // Who does not insist on what was seen gets it done.
        #expect(try await place.apply(other).operations > 0)
      }
    }

    @Test func `what others do to their sets and to tables that no packet passes refuses nothing`()
      async throws
    {
      try await withNamespace { place in
        let table = try Self.server()
        let other = try Self.server(
          Self.inventory("  f: {from: office, to: server, service: dns, why: a test}"))
        _ = try await run(
          place.prefix + ["nft", "-f", "-"],
          input: """
            table ip bans {
              set s { type ipv4_addr; flags timeout; }
              chain c { type filter hook input priority -1; ip saddr @s drop; }
            }
            """
        ).succeeded()
        for (number, wanted) in [table, other].enumerated() {
          let seen = try await place.look(wanted).seen
          _ = try await place.nft("add", "element", "ip", "bans", "s", "{ 192.0.2.\(number) timeout 1h }")
          _ = try await place.nft("add", "table", "ip", "t\(number)")
          #expect(try await place.apply(wanted, seen: seen).operations > 0)
          #expect(try await place.look(wanted).comparison.change.isEmpty)
        }
      }
    }

    @Test func `of thirty applies beside a writer of one element after the other all go through`()
      async throws
    {
      try await withNamespace { place in
        let tables = try [
          Self.server(),
          Self.server(Self.inventory("  f: {from: office, to: server, service: dns, why: a test}")),
        ]
        // As long between two writes as a build without optimisation may take to read and change, with others on the machine.
        let writer = """
          nft 'add table ip bans; add set ip bans s { type ipv4_addr; }'
          nft 'add chain ip bans c { type filter hook input priority -1; }; add rule ip bans c ip saddr @s drop'
          echo writing; i=0
          while :; do i=$((i+1)); echo "add element ip bans s { 10.1.$((i/250)).$((i%250)) }"; sleep 0.03; done |
            nft -i > /dev/null & cat > /dev/null; kill $!
          """
        _ = try await whileRunning(place.prefix + ["sh", "-c", writer], after: "writing") {
          for number in 0..<30 {
            let wanted = tables[number % 2]
            let seen = try await place.look(wanted).seen
            let report = try await place.apply(wanted, seen: seen)
            #expect(report.operations > 0)
          }
        }
        let banned = try await place.nft("list", "set", "ip", "bans", "s")
        #expect(banned.contains("10.1.0.1"))
      }
    }

    @Test func `while one applies another is told to wait`() async throws {
      try await withNamespace { place in
        let table = try Self.server()
        try await place.apply(table)
        let directory = place.directory
        let locks = try await run(place.prefix + ["sh", "-c", "ls \(directory)/apply-*.lock"]).lines
        let lock = try #require(locks.first)
        let holder = place.prefix + ["flock", lock, "sh", "-c", "echo held; cat"]
        _ = try await whileRunning(holder, after: "held") {
          let failure = await #expect(throws: AgentFailure.self) { try await place.apply(table) }
          #expect(failure?.code == .busy)
          // To look is allowed.
          _ = try await place.look(table)
        }
        #expect(try await place.apply(table).operations == 0)
      }
    }

    @Test func `of many applies at once each is done whole or refused`() async throws {
      try await withNamespace { place in
        let tables = try [
          Self.server(),
          Self.server(
            Self.inventory("  f: {from: office, to: server, service: [dns, wide, odd], why: a test}")),
        ]
        let answers = await concurrently(Array(0..<12), limit: 6) { number in
          try await place.apply(tables[number % 2])
        }
        var done = 0
        for answer in answers {
          switch answer {
          case .success: done += 1
          case .failure(let error): #expect((error as? AgentFailure)?.code == .busy, "\(error)")
          }
        }
        #expect(done > 0)
        var matching = 0
        for table in tables {
          if try await place.look(table).comparison.change.isEmpty { matching += 1 }
        }
        #expect(matching == 1)
      }
    }

    @Test func `a process that may not change rulesets is told so, and nothing changes`() async throws {
      try await withNamespace { place in
        let table = try Self.server()
        let bound = place.prefix + ["setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin"]
        let transport = AgentTransport(command: bound + [try productProgram(), "agent"])
        let failure = await #expect(throws: AgentFailure.self) {
          try await AgentSession.run(transport, needing: [Apply.self], version: "test") { agent, _ in
            try await agent.ask(Apply(table, seen: nil))
          }
        }
        #expect(failure?.code == .notPermitted)
        #expect(try await place.nft("list", "tables") == "")
      }
    }

    @Test
    func `what somebody did to the table is undone, and ranges that touch are read as they were sent`()
      async throws
    {
      let text = Self.inventory(
        """
          f: {from: touching, to: server, service: [web, range], why: a test}
          g: {from: office, to: server, service: dns, why: a test}
        """
      ).replacing(
        "networks:",
        with: """
          networks:
            touching: {prefixes: [192.0.2.0/26, 192.0.2.64/26, 192.0.2.32/27, 0.0.0.0/2, "8000::/1", "::/2"]}
          """)
      try await withNamespace { place in
        let table = try Self.server(text)
        try await place.apply(table)
        #expect(try await place.apply(table).operations == 0)

        // The same addresses in two pieces are put together again.
        _ = try await place.nft(
          "delete", "element", "inet", "sekisho", "touching.v4", "{ 192.0.2.0-192.0.2.127 }")
        for piece in ["{ 192.0.2.0-192.0.2.63 }", "{ 192.0.2.64-192.0.2.127 }"] {
          _ = try await place.nft("add", "element", "inet", "sekisho", "touching.v4", piece)
        }
        try await place.apply(table)
        #expect(try await place.apply(table).operations == 0)

        // Rules and elements that are not ours.
        _ = try await place.nft("insert", "rule", "inet", "sekisho", "input", "accept")
        _ = try await place.nft("add", "element", "inet", "sekisho", "touching.v4", "{ 203.0.113.7 }")
        _ = try await place.nft("add", "chain", "inet", "sekisho", "zzz")
        #expect(try await place.apply(table).operations > 0)
        #expect(try await place.apply(table).operations == 0)
        let listing = try await place.nft("list", "table", "inet", "sekisho")
        #expect(!listing.contains("203.0.113.7") && !listing.contains("zzz"))
      }
    }

    @Test func `after somebody has flushed the whole ruleset an apply brings it back`() async throws {
      try await withNamespace { place in
        let table = try Self.server()
        try await place.apply(table)
        let before = try await place.nft("list", "ruleset")
        _ = try await place.nft("flush", "ruleset")
        #expect(try await place.look(table).comparison.isInstalled == false)
        try await place.apply(table)
        #expect(try await place.nft("list", "ruleset") == before)
      }
    }

    /// Slow in a debug build; the connection itself is tested with as many elsewhere.
    @Test(.enabled(if: getenv("PROOF_LARGE") != nil, "PROOF_LARGE is not set"))
    func `half a million elements go through the agent in one apply, and one more after them`() async throws {
      let count: UInt32 = 500_000
      func table(_ count: UInt32) throws -> Table {
        let base = try Self.server(
          Self.inventory(
            "  f: {from: crew, to: server, service: web, why: a test}",
            hosts: "  c-1: {addresses: [10.200.0.1], groups: [crew]}"))
        var keys: [UInt8] = []
        for number in 0..<count {
          for shift in [24, 16, 8, 0] as [UInt32] {
            keys.append(UInt8(truncatingIfNeeded: (0x0b00_0000 + number * 3) >> shift))
          }
        }
        return Table(
          family: base.family, name: base.name, chains: base.chains,
          sets: base.sets.map { set in
            set.name != "crew.v4"
              ? set
              : NamedSet(
                name: set.name, key: set.key, size: 1 << 20, elements: SetElements(keyLength: 4, keys: keys))
          })
      }
      try await withNamespace { place in
        let clock = ContinuousClock()
        for number in [count, count + 1] {
          let wanted = try table(number)
          var report: Applied?
          let duration = try await clock.measure { report = try await place.apply(wanted) }
          print("measured: apply of \(number) elements through the agent, debug build: \(duration)")
          #expect((report?.operations ?? 0) > 0)
        }
        let again = try table(count + 1)
        #expect(try await place.apply(again).operations == 0)
      }
    }

    private static func server(_ text: String = inventory()) throws -> Table { try table(of: "server", text) }

    private static func table(of name: String, _ text: String) throws -> Table {
      let policy = try loaded(text)
      let policies = HostPolicies(policy)
      let index = try #require(policy.hosts.firstIndex { $0.name == name })
      return RulesetCompiler(policy, policies).compile(policies[HostID(index)])
    }

    /// The order of sets and chains is that of their creation, and a raised size stays.
    private static func comparable(_ listing: String) -> [String] {
      listing.replacing(/size \d+/, with: "size").split(separator: "\n\n").flatMap { block in
        block.split(separator: "\n\t}").map(String.init)
      }.sorted()
    }
  }
}
