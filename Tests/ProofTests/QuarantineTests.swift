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
  /// What a host has cut off is refused by packets, allowed or not.
  @Suite struct QuarantineTests {
    private static let inventory = """
      version: 1
      settings: {mode: MODE}
      services: {web: [tcp/80, udp/80], ping: icmp/echo-request}
      hosts:
        intruder: {addresses: [10.0.0.1, "2001:db8::1"]}
        server: {addresses: [10.0.0.2, "2001:db8::2"]}
        bystander: {addresses: [10.0.0.3, "2001:db8::3"]}
      flows:
        served: {from: [intruder, bystander], to: server, service: [web, ping], why: a test}
        back: {from: server, to: [intruder, bystander], service: [web, ping], why: a test}
      """

    private static func inventory(_ mode: String) -> String { inventory.replacing("MODE", with: mode) }

    private static func aims(_ host: Int) -> [String] {
      [
        "tcp - 10.0.0.\(host) 80", "udp - 10.0.0.\(host) 80", "icmp - 10.0.0.\(host) 8",
        "tcp - 2001:db8::\(host) 80", "udp - 2001:db8::\(host) 80",
      ]
    }

    private static func peers() throws -> [QuarantineHosts.Peer] {
      try ["10.0.0.1", "2001:db8::1"].map { .init(try Address(parsing: $0), host: "intruder") }
    }

    private static func isDenied(_ outcomes: [String]) -> Bool { outcomes.allSatisfy { $0 != "open" } }
    private static func isOpen(_ outcomes: [String]) -> Bool { outcomes.allSatisfy { $0 == "open" } }

    @Test(arguments: ["enforce", "observe"])
    func `nothing comes from it or goes to it, its sessions are dead, and others notice nothing`(mode: String)
      async throws
    {
      try await withEnforcedLab(Self.inventory(mode), try labRights()) { proof in
        let lab = proof.lab
        _ = try await lab.whileListening(["intruder", "server", "bystander"], ["tcp=80", "udp=80"]) {
          #expect(Self.isOpen(try await lab.probe("intruder", Self.aims(2))))
          let peers = try Self.peers()
          let done = try await proof.ask("server") { agent in
            try await agent.ask(QuarantineHosts(peers, seconds: nil, why: "a shell"))
          }
          // UDP and ICMP at least, of both families; closed TCP sessions are over.
          #expect(done.cut.isComplete && done.cut.sessions >= 3 && done.until == nil, "\(done.cut)")
          #expect(done.cut.flows.allSatisfy { $0.flow == "served" }, "\(done.cut)")
          #expect(Self.isDenied(try await lab.probe("intruder", Self.aims(2))))
          #expect(Self.isDenied(try await lab.probe("server", Self.aims(1))))
          #expect(Self.isOpen(try await lab.probe("bystander", Self.aims(2))))
          #expect(Self.isOpen(try await lab.probe("server", Self.aims(3))))
          let installed = try await proof.installed("server")
          #expect(installed.cutOff == Set(peers.map(\.address)))
          let status = try await proof.ask("server") { try await $0.ask(Status()) }
          #expect(status.quarantine?.map(\.address) == peers.map(\.address))
          #expect(status.quarantine?.allSatisfy { $0.isInForce && $0.until == nil } == true)
          #expect(status.confirmed?.isDrifted == false)
          // The comparison with what it should have finds nothing to do, and an apply takes nothing of it away.
          let looked = try await proof.ask("server") { [wanted = proof.table(of: "server")] agent in
            try await agent.ask(Look(wanted))
          }
          #expect(looked.comparison.change.isEmpty)
          try await proof.apply(["server"])
          #expect(Self.isDenied(try await lab.probe("intruder", Self.aims(2))))
          let released = try await proof.ask("server") { agent in
            try await agent.ask(ReleaseHosts(peers.map(\.address), why: "clean"))
          }
          #expect(released.addresses == peers.map(\.address))
          #expect(Self.isOpen(try await lab.probe("intruder", Self.aims(2))))
        }
      }
    }

    /// Connection tracking takes an error for a part of what it quotes, whoever sends it.
    @Test(arguments: ["enforce", "observe"])
    func `errors that it tells about the sessions of others are not heard`(mode: String) async throws {
      try await withEnforcedLab(Self.inventory(mode), try labRights()) { proof in
        // Its own rules shall not be what denies.
        _ = try await proof.lab.run("intruder", ["nft", "delete", "table", "inet", "sekisho"]).succeeded()
        func told() async throws -> [String] {
          let heard = try await proof.lab.whileListening(["server"], ["udp=80", "raw=icmp,icmpv6"]) {
            let asked = ["udp 10.0.0.3#40000 10.0.0.2 80", "udp 2001:db8::3#40000 2001:db8::2 80"]
            #expect(Self.isOpen(try await proof.lab.probe("bystander", asked)))
            let answers = [
              try WirePacket("10.0.0.2", "10.0.0.3").udp(from: 80, to: 40_000),
              try WirePacket("2001:db8::2", "2001:db8::3").udp(from: 80, to: 40_000),
            ]
            let errors = [
              try WirePacket("10.0.0.1", "10.0.0.2")
                .icmp(type: 3, code: 1, rest: [0, 0, 0, 0], quoting: answers[0]),
              try WirePacket("2001:db8::1", "2001:db8::2")
                .icmp(type: 1, code: 3, rest: [0, 0, 0, 0], quoting: answers[1]),
            ]
            #expect(try await proof.inject(errors, from: "intruder").allSatisfy { $0 == "sent" })
            #expect(Self.isOpen(try await proof.lab.probe("bystander", asked)))
          }
          return (heard["server"] ?? []).filter { $0.hasPrefix("icmp 3 ") || $0.hasPrefix("icmpv6 1 ") }
        }
        #expect(try await told().count == 2)
        let peers = try Self.peers()
        _ = try await proof.ask("server") { agent in
          try await agent.ask(QuarantineHosts(peers, seconds: nil, why: "a shell"))
        }
        #expect(try await told() == [])
      }
    }

    /// Also where the kernel picks up no session and calls what goes on invalid, which observing rules let pass.
    @Test(arguments: ["enforce", "observe"], ["0", "1"])
    func `a session that lives is dead at once, and what it goes on to say is not heard`(
      mode: String, loose: String
    ) async throws {
      try await withEnforcedLab(Self.inventory(mode), try labRights()) { proof in
        let file = "/proc/sys/net/netfilter/nf_conntrack_tcp_loose"
        _ = try await proof.lab.run("server", ["sh", "-c", "echo \(loose) > \(file)"]).succeeded()
        let signal = FileManager.default.temporaryDirectory.appending(path: "sekisho-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: signal) }
        let program = try supportProgram()
        func end(_ host: String, _ role: String) throws -> [String] {
          try proof.lab.execPrefix(host) + [program, "quiet-\(role)", "10.0.0.2", "80"]
            + (role == "client" ? [signal.path] : [])
        }
        let (client, server) = (try end("intruder", "client"), try end("server", "server"))
        let ran = try await whileRunning(server, after: "listening") {
          try await whileRunning(client, after: "quiet") {
            let peers = try Self.peers()
            let done = try await proof.ask("server") { agent in
              try await agent.ask(QuarantineHosts(peers, seconds: 3600, why: "a shell"))
            }
            #expect(done.cut.sessions == 1 && done.cut.flows == [.init(flow: "served", sessions: 1)])
            try Data().write(to: signal)
          }.finished.output
        }
        #expect(ran.finished.output.split(separator: "\n").last == "silent")
      }
    }

    @Test func `it lasts over a trial, a flushed table and a boot, and ends by the kernel's clock`()
      async throws
    {
      try await withEnforcedLab(Self.inventory("enforce"), try labRights()) { proof in
        let lab = proof.lab
        let peers = try Self.peers()
        let aims = Self.aims(2).filter { !$0.hasPrefix("udp") }
        _ = try await lab.whileListening(["server"], ["tcp=80", "udp=80"]) {
          func quarantine(_ seconds: Int?) async throws {
            _ = try await proof.ask("server") { agent in
              try await agent.ask(QuarantineHosts(peers, seconds: seconds, why: "a shell"))
            }
          }
          try await quarantine(3600)
          let observing = try proof.changed(to: Self.inventory("observe")).table(of: "server")
          _ = try await proof.ask("server") { agent in
            try await agent.ask(
              Arm(observing, seen: nil, seconds: 3600, note: ChangeNote(why: nil, meaning: "a trial")))
          }
          #expect(Self.isDenied(try await lab.probe("intruder", aims)))
          #expect(Self.isOpen(try await lab.probe("bystander", aims)))
          _ = try await proof.ask("server") { try await $0.ask(EndTrial()) }
          #expect(Self.isDenied(try await lab.probe("intruder", aims)))
          _ = try await lab.run("server", ["nft", "flush", "ruleset"]).succeeded()
          #expect(Self.isOpen(try await lab.probe("intruder", aims)))
          _ = try await lab.run("server", [try productProgram(), "boot"]).succeeded()
          #expect(Self.isDenied(try await lab.probe("intruder", aims)))
          #expect(Self.isOpen(try await lab.probe("bystander", aims)))
          #expect(try await proof.installed("server").cutOff == Set(peers.map(\.address)))
          // With another time, which ends with nobody there.
          try await quarantine(QuarantineHosts.possibleSeconds.lowerBound)
          var outcomes = try await lab.probe("intruder", aims)
          for _ in 0..<600 where !Self.isOpen(outcomes) {
            try await Task.sleep(for: .milliseconds(500))
            outcomes = try await lab.probe("intruder", aims)
          }
          #expect(Self.isOpen(outcomes))
          let status = try await proof.ask("server") { try await $0.ask(Status()) }
          #expect(status.quarantine == nil)
        }
      }
    }

    @Test func `the fallback of a boot lets others log in, and not him`() async throws {
      try await withEnforcedLab(Self.inventory("enforce"), try labRights()) { proof in
        let lab = proof.lab
        let aims = ["tcp - 10.0.0.2 22", "tcp - 2001:db8::2 22"]
        // What they may send is not asked here.
        for host in ["intruder", "bystander"] {
          _ = try await lab.run(host, ["nft", "flush", "ruleset"]).succeeded()
        }
        _ = try await lab.whileListening(["server"], ["tcp=22"]) {
          let peers = try Self.peers()
          _ = try await proof.ask("server") { agent in
            try await agent.ask(QuarantineHosts(peers, seconds: nil, why: "a shell"))
          }
          let boot = """
            test -f "$SEKISHO_STATE_DIR/confirmed" && echo damaged > "$SEKISHO_STATE_DIR/confirmed" || exit 1
            nft flush ruleset; status=0; "$0" boot || status=$?; test $status = 7
            """
          _ = try await lab.run("server", ["sh", "-c", boot, try productProgram()]).succeeded()
          let status = try await proof.ask("server") { try await $0.ask(Status()) }
          #expect(status.table?.isFallback == true)
          #expect(Self.isDenied(try await lab.probe("intruder", aims)))
          #expect(Self.isOpen(try await lab.probe("bystander", aims)))
        }
      }
    }

    @Test func `nobody cuts himself off, or what is no host`() async throws {
      try await withEnforcedLab(Self.inventory("enforce"), try labRights()) { proof in
        let refused: [(String, AgentFailure.Code)] = [
          ("10.0.0.2", .refused), ("2001:db8::2", .refused), ("127.0.0.1", .badRequest), ("::", .badRequest),
          ("::1", .badRequest), ("224.0.0.1", .badRequest), ("255.255.255.255", .badRequest),
          ("ff02::1", .badRequest), ("fe80::1", .badRequest), ("::ffff:10.0.0.1", .badRequest),
        ]
        for (text, code) in refused {
          let peer = QuarantineHosts.Peer(try Address(parsing: text), host: nil)
          let error = await #expect(throws: AgentFailure.self) {
            _ = try await proof.ask("server") { agent in
              try await agent.ask(QuarantineHosts([peer], seconds: nil, why: "a shell"))
            }
          }
          #expect(error?.code == code && error?.happened == .nothing, "\(text): \(error as Any)")
        }
        #expect(try await proof.installed("server").cutOff.isEmpty)
      }
    }

    @Test func `a gateway forwards nothing of it`() async throws {
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
        """
      try await withEnforcedLab(inventory, try labRights()) { proof in
        let aims = ["tcp - 10.0.9.1 80", "tcp - 2001:db8:9::1 80"]
        _ = try await proof.lab.whileListening(["server"], ["tcp=80"]) {
          #expect(Self.isOpen(try await proof.lab.probe("intruder", aims)))
          let peers = try ["10.0.0.1", "2001:db8::1"].map {
            QuarantineHosts.Peer(try Address(parsing: $0), host: nil)
          }
          _ = try await proof.ask("gate") { agent in
            try await agent.ask(QuarantineHosts(peers, seconds: nil, why: "a shell"))
          }
          #expect(Self.isDenied(try await proof.lab.probe("intruder", aims)))
          #expect(Self.isOpen(try await proof.lab.probe("bystander", aims)))
        }
      }
    }
  }
}
