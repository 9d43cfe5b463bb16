import Addressing
import AgentProtocol
import Foundation
import Lab
import LabHarness
import Nftables
import Policy
import RulesetDiff
import RulesetShape
import Testing

extension KernelProof {
  /// Whoever knocks on closed doors is cut off by the kernel alone.
  @Suite struct TripwireTests {
    private static let inventory = """
      version: 1
      services: {web: [tcp/80, udp/80], ssh: tcp/22, bait: [tcp/23, udp/69]}
      hosts:
        intruder: {addresses: [10.0.0.1, "2001:db8::1"]}
        server: {addresses: [10.0.0.2, "2001:db8::2"], mode: MODE}
        bystander: {addresses: [10.0.0.3, "2001:db8::3"]}
        admin: {addresses: [10.0.0.4, "2001:db8::4"]}
      flows:
        served: {from: [intruder, bystander, admin], to: server, service: web, why: a test}
        back: {from: server, to: [intruder, bystander], service: web, why: a test}
        managed: {from: admin, to: all, service: ssh, why: a test}
      tripwires:
        scan: {on: server, after: 20 closed doors, within: 10 minutes, cut: TIME, why: a test}
        bait: {on: server, touch: bait, cut: TIME, why: a test}
      """

    private static func inventory(_ mode: String = "enforce", cut: String = "1h") -> String {
      inventory.replacing("MODE", with: mode).replacing("TIME", with: cut)
    }

    /// A family, as the last number of an address ends in it.
    struct Family: CustomTestStringConvertible, Sendable {
      let suffix: String
      let prefix: String
      var testDescription: String { suffix }
      func address(_ host: Int) -> String { "\(prefix)\(host)" }
      func packet(_ host: Int, to: Int = 2) throws -> WirePacket {
        try WirePacket(address(host), address(to))
      }
      func knock(_ host: Int, _ port: UInt16) throws -> WirePacket {
        try packet(host).tcp(.syn, from: 50_000, to: port)
      }
      func aims(_ host: Int) -> [String] {
        ["tcp - \(address(host)) 80", "udp - \(address(host)) 80"]
      }
    }

    static let families = [
      Family(suffix: "v4", prefix: "10.0.0."), Family(suffix: "v6", prefix: "2001:db8::"),
    ]

    private static func isDenied(_ outcomes: [String]) -> Bool { outcomes.allSatisfy { $0 != "open" } }
    private static func isOpen(_ outcomes: [String]) -> Bool { outcomes.allSatisfy { $0 == "open" } }

    private static func withServer(
      _ inventory: String, _ body: @Sendable (ProofLab) async throws -> Void
    ) async throws {
      try await withProofLab(try loaded(inventory), try labRights()) { proof in
        try await proof.apply(["server"])
        let lab = proof.lab
        _ = try await lab.whileListening(["intruder", "server", "bystander"], ["tcp=80", "udp=80"]) {
          // Neighbours know each other.
          for family in families {
            #expect(isOpen(try await lab.probe("intruder", family.aims(2))))
            #expect(isOpen(try await lab.probe("bystander", family.aims(2))))
          }
          try await body(proof)
        }
      }
    }

    @Test(arguments: families)
    func `the 20th different door cuts off, for allowed flows and both directions, and an apply keeps it`(
      family: Family
    ) async throws {
      try await Self.withServer(Self.inventory()) { proof in
        let lab = proof.lab
        let cut = "tripwire/cut.\(family.suffix)"
        // One door a hundred times, what does not begin anything, and answers that come late.
        try await proof.inject(
          Array(repeating: try family.knock(1, 3000), count: 100)
            + (4000..<4050).map { try family.packet(1).tcp([.syn, .ack], from: 80, to: $0) }
            + (4000..<4050).map { try family.packet(1).tcp(.rst, from: 80, to: $0) }
            + (33_000..<33_050).map { try family.packet(1).udp(from: 53, to: $0) }
            + (3001..<3019).map { try family.knock(1, $0) }, from: "intruder")
        #expect(Self.isOpen(try await lab.probe("intruder", family.aims(2))))
        #expect(try await proof.elements(of: cut, on: "server") == [])
        #expect(try await proof.elements(of: "in/doors.scan.\(family.suffix)", on: "server").count == 19)
        try await proof.inject([try family.packet(1).udp(from: 50_000, to: 161)], from: "intruder")
        #expect(try await proof.elements(of: cut, on: "server") == [family.address(1)])
        #expect(
          try await proof.elements(of: "tripwire/tripped.scan.\(family.suffix)", on: "server")
            == [family.address(1)])
        #expect(Self.isDenied(try await lab.probe("intruder", family.aims(2))))
        #expect(Self.isDenied(try await lab.probe("server", family.aims(1))))
        #expect(Self.isOpen(try await lab.probe("bystander", family.aims(2))))
        #expect(Self.isOpen(try await lab.probe("server", family.aims(3))))
        #expect(try await proof.packets("server", comment: RuleNote.tripped.rawValue) == 1)
        #expect(try await proof.packets("server", comment: RuleNote.cut.rawValue) > 0)
        // The comparison with what it should have finds nothing to do, and an apply takes nothing of it away.
        let looked = try await proof.ask("server") { [wanted = proof.table(of: "server")] agent in
          try await agent.ask(Look(wanted))
        }
        #expect(looked.comparison.change.isEmpty)
        try await proof.apply(["server"])
        #expect(try await proof.elements(of: cut, on: "server") == [family.address(1)])
        // One of three may be cut off at once: whoever trips it next is denied what is closed, and no more, and is noted.
        try await proof.inject((3000..<3050).map { try family.knock(3, $0) }, from: "bystander")
        #expect(try await proof.elements(of: cut, on: "server") == [family.address(1)])
        #expect(
          try await proof.elements(of: "tripwire/tripped.scan.\(family.suffix)", on: "server").sorted()
            == [family.address(1), family.address(3)])
        let told = try await proof.ask("server") { agent in try await agent.ask(Status()) }.tripped ?? []
        #expect(
          told.map { "\($0.address) \($0.isCut)" } == [
            "\(family.address(1)) true", "\(family.address(3)) false",
          ])
        #expect(Self.isOpen(try await lab.probe("bystander", family.aims(2))))
      }
    }

    @Test(arguments: families)
    func `a door is a port of the host, whichever of its addresses it is asked at`(family: Family)
      async throws
    {
      let inventory = Self.inventory().replacing(
        "[10.0.0.2, \"2001:db8::2\"]", with: "[10.0.0.2, 10.0.0.22, \"2001:db8::2\", \"2001:db8::22\"]")
      try await Self.withServer(inventory) { proof in
        let cut = "tripwire/cut.\(family.suffix)"
        func knock(_ ports: Range<UInt16>, at host: Int) async throws {
          try await proof.inject(
            ports.map { try family.packet(1, to: host).tcp(.syn, from: 50_000, to: $0) }, from: "intruder")
        }
        #expect(Self.isOpen(try await proof.lab.probe("intruder", family.aims(22))))
        try await knock(3000..<3019, at: 2)
        try await knock(3000..<3019, at: 22)
        #expect(try await proof.elements(of: "in/doors.scan.\(family.suffix)", on: "server").count == 19)
        #expect(try await proof.elements(of: cut, on: "server") == [])
        try await knock(3019..<3020, at: 22)
        #expect(try await proof.elements(of: cut, on: "server") == [family.address(1)])
      }
    }

    @Test(arguments: families)
    func `those who are spared, strangers and the host itself are never cut off`(family: Family) async throws
    {
      try await Self.withServer(Self.inventory()) { proof in
        try await proof.inject(
          try [4, 77, 2].flatMap { host in try (3000..<3100).map { try family.knock(host, $0) } },
          from: "admin")
        try await proof.inject(
          try [4, 77, 2].map { try family.knock($0, 23) }, from: "admin")
        #expect(try await proof.elements(of: "tripwire/cut.\(family.suffix)", on: "server") == [])
        #expect(try await proof.elements(of: "in/knocks.scan.\(family.suffix)", on: "server") == [])
        #expect(Self.isOpen(try await proof.lab.probe("admin", family.aims(2))))
      }
    }

    @Test(arguments: families)
    func `a decoy cuts off at the first packet, where it stands`(family: Family) async throws {
      try await Self.withServer(Self.inventory()) { proof in
        let cut = "tripwire/cut.\(family.suffix)"
        try await proof.inject(
          [
            try family.knock(1, 24), try family.packet(1).udp(from: 50_000, to: 23),
            try family.packet(1).tcp(.ack, from: 50_000, to: 23),
          ], from: "intruder")
        #expect(try await proof.elements(of: cut, on: "server") == [])
        try await proof.inject([try family.packet(1).udp(from: 50_000, to: 69)], from: "intruder")
        #expect(try await proof.elements(of: cut, on: "server") == [family.address(1)])
        #expect(Self.isDenied(try await proof.lab.probe("intruder", family.aims(2))))
      }
    }

    @Test(arguments: families)
    func `who trips it where it is only observed is noted and not cut off`(family: Family) async throws {
      try await Self.withServer(Self.inventory("observe")) { proof in
        try await proof.inject((3000..<3100).map { try family.knock(1, $0) }, from: "intruder")
        #expect(
          try await proof.elements(of: "tripwire/tripped.scan.\(family.suffix)", on: "server")
            == [family.address(1)])
        #expect(Self.isOpen(try await proof.lab.probe("intruder", family.aims(2))))
        // Nor later, for what he did before.
        try await proof.changed(to: Self.inventory("enforce")).apply(["server"])
        #expect(Self.isOpen(try await proof.lab.probe("intruder", family.aims(2))))
      }
    }

    @Test func `a session that lives is dead at once`() async throws {
      try await Self.withServer(Self.inventory().replacing("web: [tcp/80,", with: "web: [tcp/80-81,")) {
        proof in
        let signal = FileManager.default.temporaryDirectory.appending(path: "sekisho-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: signal) }
        let program = try supportProgram()
        func end(_ host: String, _ role: String) throws -> [String] {
          try proof.lab.execPrefix(host) + [program, "quiet-\(role)", "10.0.0.2", "81"]
            + (role == "client" ? [signal.path] : [])
        }
        let (client, server) = (try end("intruder", "client"), try end("server", "server"))
        let ran = try await whileRunning(server, after: "listening") {
          try await whileRunning(client, after: "quiet") {
            try await proof.inject([try Self.families[0].knock(1, 23)], from: "intruder")
            try Data().write(to: signal)
          }.finished.output
        }
        #expect(ran.finished.output.split(separator: "\n").last == "silent")
      }
    }

    @Test(arguments: families)
    func `it ends by the kernel's clock`(family: Family) async throws {
      try await Self.withServer(Self.inventory(cut: "10s")) { proof in
        try await proof.inject([try family.knock(1, 23)], from: "intruder")
        let aims = family.aims(2).filter { $0.hasPrefix("tcp") }
        #expect(Self.isDenied(try await proof.lab.probe("intruder", aims)))
        var outcomes: [String] = []
        for _ in 0..<600 where outcomes.isEmpty || !Self.isOpen(outcomes) {
          try await Task.sleep(for: .milliseconds(500))
          outcomes = try await proof.lab.probe("intruder", aims)
        }
        #expect(Self.isOpen(outcomes))
      }
    }

    @Test(arguments: families)
    func `the host tells who is cut off, and lets him go when it is asked, for as many doors as at first`(
      family: Family
    ) async throws {
      try await Self.withServer(Self.inventory()) { proof in
        func tripped() async throws -> [TripStatus] {
          try await proof.ask("server") { try await $0.ask(Status()) }.tripped ?? []
        }
        let intruder = try Address(parsing: family.address(1))
        #expect(try await tripped() == [])
        try await proof.inject((3000..<3020).map { try family.knock(1, $0) }, from: "intruder")
        let told = try await tripped()
        #expect(told.map(\.address) == [intruder] && told.map(\.tripwires) == [["scan"]])
        // An hour, less what has gone by.
        #expect(told.allSatisfy { $0.isCut && (3599...3601).contains($0.until - $0.since) })
        #expect(
          try await proof.ask("server") { try await $0.ask(ListRecords()) }.tripped?.map(\.address)
            == [intruder])
        let peers = [
          QuarantineHosts.Peer(intruder, host: "intruder"),
          QuarantineHosts.Peer(try Address(parsing: "10.0.0.77"), host: nil),
        ]
        func release() async throws -> [Address] {
          try await proof.ask("server") { try await $0.ask(ReleaseTripped(peers, why: "a test")) }.addresses
        }
        #expect(try await release() == [intruder])
        #expect(try await release() == [])
        #expect(try await tripped() == [])
        #expect(Self.isOpen(try await proof.lab.probe("intruder", family.aims(2))))
        try await proof.inject((4000..<4019).map { try family.knock(1, $0) }, from: "intruder")
        #expect(try await tripped() == [])
        try await proof.inject([try family.knock(1, 4019)], from: "intruder")
        #expect(try await tripped().map(\.address) == [intruder])
        let events = try await proof.ask("server") { try await $0.ask(History()) }.events
        #expect(events.filter { $0.event == "released" }.map(\.why) == ["a test"])
      }
    }

    @Test(arguments: families)
    func `rules on trial cut off by themselves, and whom the others have cut off they leave so`(
      family: Family
    )
      async throws
    {
      let inventory = Self.inventory()
      let without = String(
        inventory.prefix(upTo: inventory.firstRange(of: "tripwires:")?.lowerBound ?? inventory.endIndex))
      try await Self.withServer(without) { proof in
        let aims = family.aims(2)
        func arm(_ inventory: String) async throws {
          let table = try proof.changed(to: inventory).table(of: "server")
          _ = try await proof.ask("server") { agent in
            try await agent.ask(
              Arm(table, seen: nil, seconds: 3600, note: ChangeNote(why: nil, meaning: "a trial")))
          }
        }
        func end() async throws { _ = try await proof.ask("server") { try await $0.ask(EndTrial()) } }
        func knock() async throws {
          try await proof.inject((3000..<3020).map { try family.knock(1, $0) }, from: "intruder")
        }
        try await knock()
        #expect(Self.isOpen(try await proof.lab.probe("intruder", aims)))
        try await arm(inventory)
        try await knock()
        #expect(Self.isDenied(try await proof.lab.probe("intruder", aims)))
        #expect(Self.isOpen(try await proof.lab.probe("bystander", aims)))
        #expect(
          try await proof.ask("server") { try await $0.ask(Status()) }.tripped?.map(\.isCut) == [true])
        // With the trial goes whom it has cut off.
        try await end()
        #expect(Self.isOpen(try await proof.lab.probe("intruder", aims)))
        try await proof.changed(to: inventory).apply(["server"])
        try await knock()
        #expect(Self.isDenied(try await proof.lab.probe("intruder", aims)))
        // Rules that only observe refuse nobody while they judge.
        try await arm(Self.inventory("observe"))
        #expect(Self.isOpen(try await proof.lab.probe("intruder", aims)))
        try await end()
        #expect(Self.isDenied(try await proof.lab.probe("intruder", aims)))
        try await arm(inventory.replacing("after: 20", with: "after: 21"))
        #expect(Self.isDenied(try await proof.lab.probe("intruder", aims)))
        try await end()
        #expect(Self.isDenied(try await proof.lab.probe("intruder", aims)))
      }
    }

    /// What is published is led past the input chain: doors are the ports that were asked for.
    @Test(arguments: families)
    func `a host of containers counts the doors that it publishes, and refuses who is cut off there, too`(
      family: Family
    ) async throws {
      let inventory = """
        version: 1
        services: {web: tcp/8080}
        hosts:
          intruder: {addresses: [10.0.0.1, "2001:db8::1"]}
          server: {addresses: [10.0.0.2, "2001:db8::2"], forwarding: containers}
          bystander: {addresses: [10.0.0.3, "2001:db8::3"]}
          box: {addresses: [10.0.0.11, "2001:db8::11"]}
        flows:
          served: {from: [intruder, bystander], to: server, service: web, why: a test}
        tripwires:
          scan: {on: server, after: 20 closed doors, within: 10 minutes, cut: 1h, why: a test}
        """
      try await withProofLab(try loaded(inventory), try labRights()) { proof in
        let lab = proof.lab
        let (version, inside) = family.suffix == "v4" ? ("ip", "172.17.0.2") : ("ip6", "fd00:17::2")
        // A container behind a bridge, to which ports 8080 and 9000 to 9100 lead.
        _ = try await lab.run(
          "server",
          [
            "sh", "-ec",
            """
            for setting in ipv4/ip_forward ipv6/conf/all/forwarding; do echo 1 >/proc/sys/net/$setting; done
            ip link add docker0 type bridge stp_state 0 forward_delay 0
            ip addr add 172.17.0.1/16 dev docker0; ip addr add fd00:17::1/64 dev docker0 nodad
            ip link set docker0 up
            ip link add box1 type veth peer name eth1 netns box; ip link set box1 master docker0 up
            nft -f - <<END
            table \(version) publishing {
              chain lead { type nat hook prerouting priority -100
                \(version) daddr \(family.address(2)) tcp dport { 8080, 9000-9100 } dnat to \(inside)
              }
            }
            END
            """,
          ]
        ).succeeded()
        _ = try await lab.run(
          "box",
          [
            "sh", "-ec",
            """
            ip link delete eth0
            ip addr add 172.17.0.2/16 dev eth1; ip addr add fd00:17::2/64 dev eth1 nodad; ip link set eth1 up
            ip route add default via 172.17.0.1; ip route add default via fd00:17::1
            """,
          ]
        ).succeeded()
        try await proof.apply(["server"])
        let cut = "tripwire/cut.\(family.suffix)"
        // Nobody listens in the container: it refuses what it is asked, and answers nothing that is denied.
        let asked = ["tcp - \(family.address(2)) 8080"]
        let answer = "refused"
        #expect(try await lab.probe("intruder", asked) == [answer])
        #expect(try await lab.probe("bystander", asked) == [answer])
        try await proof.inject((9000..<9019).map { try family.knock(1, $0) }, from: "intruder")
        #expect(try await proof.elements(of: cut, on: "server") == [])
        #expect(try await lab.probe("intruder", asked) == [answer])
        try await proof.inject([try family.knock(1, 9050)], from: "intruder")
        #expect(try await proof.elements(of: cut, on: "server") == [family.address(1)])
        #expect(try await lab.probe("intruder", asked) == ["silent"])
        #expect(try await lab.probe("bystander", asked) == [answer])
      }
    }

    @Test(arguments: families)
    func `a gateway counts doors behind it, and forwards nothing of who is cut off`(family: Family)
      async throws
    {
      let inventory = """
        version: 1
        services: {web: tcp/80}
        hosts:
          intruder: {addresses: [10.0.0.1, "2001:db8::1"]}
          bystander: {addresses: [10.0.0.3, "2001:db8::3"]}
          server: {addresses: [10.0.9.1, "2001:db8:9::1"]}
          gate:
            addresses: [10.0.0.254, "2001:db8::fe"]
            forwarding: gateway
            routes: [{between: [[intruder, bystander], server]}]
        flows:
          served: {from: [intruder, bystander], to: server, service: web, why: a test}
        tripwires:
          scan: {on: gate, after: 20 closed doors, within: 10 minutes, cut: 1h, why: a test}
        """
      try await withProofLab(try loaded(inventory), try labRights()) { proof in
        try await proof.apply(["gate"])
        let server = family.suffix == "v4" ? "10.0.9.1" : "2001:db8:9::1"
        let aims = ["tcp - \(server) 80"]
        _ = try await proof.lab.whileListening(["server"], ["tcp=80"]) {
          #expect(Self.isOpen(try await proof.lab.probe("intruder", aims)))
          #expect(Self.isOpen(try await proof.lab.probe("bystander", aims)))
          func knock(_ count: UInt16) async throws {
            try await proof.inject(
              (0..<count).map {
                try WirePacket(family.address(1), server).tcp(.syn, from: 50_000, to: 3000 + $0)
              }, from: "intruder")
          }
          try await knock(19)
          #expect(Self.isOpen(try await proof.lab.probe("intruder", aims)))
          try await knock(20)
          #expect(
            try await proof.elements(of: "tripwire/cut.\(family.suffix)", on: "gate") == [family.address(1)])
          #expect(Self.isDenied(try await proof.lab.probe("intruder", aims)))
          #expect(Self.isOpen(try await proof.lab.probe("bystander", aims)))
        }
      }
    }
  }
}
