import Addressing
import AgentProtocol
import Foundation
import Lab
import LabHarness
import Testing

extension HostProof {
  /// Sessions that a new ruleset would not let begin end with the change that brings it.
  @Suite struct RevokedSessionTests {
    private static func inventory(_ allowed: String...) -> String {
      """
      version: 1
      services: {kept: [tcp/80, udp/80], revoked: [tcp/81, udp/81, sctp/81, esp, icmp/echo-request, icmpv6/echo-request]}
      hosts:
        client: {addresses: [10.0.0.1, "2001:db8::1"]}
        server: {addresses: [10.0.0.2, "2001:db8::2"]}
      flows:
        \(allowed.map { "\($0): {from: client, to: server, service: \($0), why: a test}" }
          .joined(separator: "\n  "))
      """
    }

    /// What is tracked of them has to be there as long as a slow machine takes.
    private static let patient = [
      "sh", "-c",
      "for name in udp_timeout icmp_timeout icmpv6_timeout sctp_timeout_cookie_wait; do echo 600 > /proc/sys/net/netfilter/nf_conntrack_$name; done",
    ]

    struct Conversation: CustomTestStringConvertible {
      let address: String
      let port: Int
      let speaker: String
      /// The host that is told of the new rules.
      let changed: String
      /// Whether the rules from before were the first of the host: tracking came upon the session half-way.
      let isOlder: Bool

      var testDescription: String {
        "\(speaker) speaks, \(address), port \(port), change at the \(changed), \(isOlder ? "older" : "younger") than tracking"
      }
    }

    static let conversations = [
      ("10.0.0.2", 81, "client", "server", false), ("2001:db8::2", 81, "server", "server", false),
      ("10.0.0.2", 81, "server", "client", true), ("2001:db8::2", 81, "client", "client", false),
      ("10.0.0.2", 80, "client", "server", true), ("10.0.0.2", 80, "server", "client", true),
      ("2001:db8::2", 80, "server", "server", true), ("2001:db8::2", 80, "client", "client", true),
    ].map { Conversation(address: $0.0, port: $0.1, speaker: $0.2, changed: $0.3, isOlder: $0.4) }

    @Test(arguments: conversations)
    func `a session ends with the flow that let it begin, whoever speaks, and no other does`(
      it: Conversation
    ) async throws {
      try await withProofLab(try loaded(Self.inventory("kept", "revoked")), try labRights()) { proof in
        let file = FileManager.default.temporaryDirectory.appending(path: "sekisho-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        let program = try supportProgram()
        func end(_ role: String) throws -> [String] {
          try proof.lab.execPrefix(role) + [program, "quiet-\(role)", it.address, "\(it.port)"]
            + (it.speaker == role ? [file.path] : [])
        }
        if !it.isOlder { try await proof.apply(["client", "server"]) }
        let (client, server) = (try end("client"), try end("server"))
        let ran = try await whileRunning(server, after: "listening") {
          try await whileRunning(client, after: "quiet") {
            if it.isOlder { try await firstApply(proof) }
            let wanted = try proof.changed(to: Self.inventory("kept")).table(of: it.changed)
            let applied = try await proof.ask(it.changed) { try await $0.ask(Apply(wanted, seen: nil)) }
            let cut = try #require(applied.cut)
            #expect(cut.isComplete && cut.uncertain == 0, "\(cut)")
            #expect(cut.flows == (it.port == 80 ? [] : [CutReport.Flow(flow: "revoked", sessions: 1)]))
            try Data().write(to: file)
          }.finished.output
        }
        let heard = it.speaker == "client" ? ran.finished.output : ran.result
        #expect(heard.split(separator: "\n").last == (it.port == 80 ? "heard" : "silent"))
      }
    }

    @Test func `what is no TCP ends as well, and a change that keeps sessions counts them`() async throws {
      try await withProofLab(try loaded(Self.inventory("kept", "revoked")), try labRights()) { proof in
        try await proof.apply(["client", "server"])
        for host in ["client", "server"] { _ = try await proof.lab.run(host, Self.patient).succeeded() }
        let attempts = [
          "udp - 10.0.0.2 80", "udp - 10.0.0.2 81", "udp - 2001:db8::2 81", "icmp - 10.0.0.2 8",
          "icmpv6 - 2001:db8::2 128",
        ]
        _ = try await proof.lab.whileListening(["server"], ["udp=80,81"]) {
          let outcomes = try await proof.lab.probe("client", attempts)
          #expect(outcomes.allSatisfy { $0 == "open" }, "\(outcomes)")
        }
        // Nobody answers these; an attempt of SCTP and a packet of ESP are tracked all the same.
        _ = try await proof.lab.probe(
          "client", ["sctp - 10.0.0.2 81", "sctp - 2001:db8::2 81", "esp - 10.0.0.2 -"])
        let other = try proof.changed(to: Self.inventory("kept"))
        for host in ["server", "client"] {
          let wanted = other.table(of: host)

          let kept = try await proof.ask(host) { agent in
            try await agent.ask(Apply(wanted, seen: nil, keepsSessions: true)).cut
          }
          #expect(kept?.isDone == false && kept?.sessions == 7, "\(String(describing: kept))")
          #expect(kept?.flows == [CutReport.Flow(flow: "revoked", sessions: 7)])
          let cut = try await proof.ask(host) { try await $0.ask(Apply(wanted, seen: nil)).cut }
          #expect(cut?.isDone == true && cut?.sessions == 7, "\(String(describing: cut))")
          let rest = try await proof.ask(host) { try await $0.ask(Apply(wanted, seen: nil)).cut }
          #expect(rest?.sessions == 0 && rest?.isComplete == true, "\(String(describing: rest))")
        }
      }
    }

    @Test func `a hundred thousand sessions end, and those beside them do not`() async throws {
      try await withProofLab(try loaded(Self.inventory("kept", "revoked")), try labRights()) { proof in
        try await proof.apply(["server"])
        let program = try supportProgram()
        for (client, server) in [("10.0.0.1", "10.0.0.2"), ("2001:db8::1", "2001:db8::2")] {
          for (port, count) in [("81", "50000"), ("80", "1000")] {
            let tracked = try await proof.lab.run("server", [program, "track", client, server, port, count])
            #expect(tracked.lines == ["tracked \(count)"])
          }
        }
        let wanted = try proof.changed(to: Self.inventory("kept")).table(of: "server")
        let cut = try await proof.ask("server") { try await $0.ask(Apply(wanted, seen: nil)).cut }
        #expect(cut?.isComplete == true && cut?.flows == [CutReport.Flow(flow: "revoked", sessions: 100_000)])
        let list = try await proof.ask("server") { try await $0.ask(ListSessions()) }
        #expect(list.groups.map(\.sessions) == [1000, 1000] && list.groups.allSatisfy { $0.flow == "kept" })
      }
    }

    @Test func `told so, what a trial would not let begin ends when it begins`() async throws {
      try await withProofLab(try loaded(Self.inventory("kept", "revoked")), try labRights()) { proof in
        try await proof.apply(["client", "server"])
        _ = try await proof.lab.run("server", Self.patient).succeeded()
        _ = try await proof.lab.whileListening(["server"], ["udp=80,81"]) {
          let attempts = ["udp - 10.0.0.2 80", "udp - 10.0.0.2 81", "udp - 2001:db8::2 81"]
          let outcomes = try await proof.lab.probe("client", attempts)
          #expect(outcomes.allSatisfy { $0 == "open" }, "\(outcomes)")
        }
        let wanted = try proof.changed(to: Self.inventory("kept")).table(of: "server")
        func armed(_ cutsNow: Bool) async throws -> Armed {
          let note = ChangeNote(why: nil, meaning: "a trial")
          return try await proof.ask("server") { agent in
            try await agent.ask(Arm(wanted, seen: nil, seconds: 600, note: note, cutsNow: cutsNow))
          }
        }
        let waiting = try await armed(false)
        #expect(waiting.cut == nil)
        _ = try await proof.ask("server") { try await $0.ask(EndTrial()) }
        let cut = try await armed(true).cut
        #expect(cut?.isComplete == true && cut?.flows == [CutReport.Flow(flow: "revoked", sessions: 2)])
        // During the trial its rules say what goes on.
        let list = try await proof.ask("server") { try await $0.ask(ListSessions()) }
        #expect(list.groups.map(\.port) == [80] && list.groups.map(\.flow) == ["kept"], "\(list)")
        _ = try await proof.ask("server") { try await $0.ask(EndTrial()) }
      }
    }

    @Test func `a connection that both ends have closed is no session any more`() async throws {
      try await withProofLab(try loaded(Self.inventory("kept", "revoked")), try labRights()) { proof in
        try await proof.apply(["client", "server"])
        _ = try await proof.lab.whileListening(["server"], ["tcp=81"]) {
          let outcomes = try await proof.lab.probe("client", ["tcp - 10.0.0.2 81", "tcp - 2001:db8::2 81"])
          #expect(outcomes == ["open", "open"])
        }
        func tracked() async throws -> Int {
          try await proof.lab.run("server", ["cat", "/proc/sys/net/netfilter/nf_conntrack_count"])
            .succeeded().split(whereSeparator: \.isNewline).first.flatMap { Int($0) } ?? 0
        }
        // The kernel keeps the entries for two minutes.
        var list = try await proof.ask("server") { try await $0.ask(ListSessions()) }
        for _ in 0..<300 where !list.groups.isEmpty {
          try await Task.sleep(for: .milliseconds(100))
          list = try await proof.ask("server") { try await $0.ask(ListSessions()) }
        }
        #expect(list.groups.isEmpty && list.exempt == 2 && list.untold == 0, "\(list)")
        #expect(try await tracked() == 2)
        let wanted = try proof.changed(to: Self.inventory("kept")).table(of: "server")
        let cut = try await proof.ask("server") { try await $0.ask(Apply(wanted, seen: nil)).cut }
        #expect(cut?.isComplete == true && cut?.sessions == 0, "\(String(describing: cut))")
        #expect(try await tracked() == 0)
      }
    }

    @Test func `sessions are listed with the flow that allows each, and end one by one`() async throws {
      try await withProofLab(try loaded(Self.inventory("kept", "revoked")), try labRights()) { proof in
        try await proof.apply(["client", "server"])
        for host in ["client", "server"] { _ = try await proof.lab.run(host, Self.patient).succeeded() }
        let attempts = [
          "udp - 10.0.0.2 80", "udp - 10.0.0.2 80", "udp - 2001:db8::2 80", "udp - 10.0.0.2 81",
          "icmp - 10.0.0.2 8",
        ]
        _ = try await proof.lab.whileListening(["server"], ["udp=80,81"]) {
          let outcomes = try await proof.lab.probe("client", attempts)
          #expect(outcomes.allSatisfy { $0 == "open" }, "\(outcomes)")
        }
        func listed(_ host: String) async throws -> Set<String> {
          let list = try await proof.ask(host) { try await $0.ask(ListSessions()) }
          #expect(list.untold == 0)
          return Set(
            list.groups.map {
              "\($0.way) \($0.server) \($0.ipProtocol)/\($0.port) \($0.state) \($0.flow ?? "-") \($0.sessions)"
            })
        }
        let all: Set<String> = [
          "10.0.0.2 17/80 allowed kept 2", "2001:db8::2 17/80 allowed kept 1",
          "10.0.0.2 17/81 allowed revoked 1", "10.0.0.2 1/0 allowed revoked 1",
        ]
        #expect(try await listed("server") == Set(all.map { "in \($0)" }))
        #expect(try await listed("client") == Set(all.map { "out \($0)" }))
        // Under other rules the same sessions are denied.
        let wanted = try proof.changed(to: Self.inventory("kept")).table(of: "server")
        _ = try await proof.ask("server") { agent in
          try await agent.ask(Apply(wanted, seen: nil, keepsSessions: true))
        }
        #expect(
          try await listed("server") == [
            "in 10.0.0.2 17/80 allowed kept 2", "in 2001:db8::2 17/80 allowed kept 1",
            "in 10.0.0.2 17/81 denied - 1", "in 10.0.0.2 1/0 denied - 1",
          ])
        func end(_ flow: String?, _ peer: String? = nil) async throws -> Int {
          let request = EndSessions(flow: flow, peer: try peer.map { try Address(parsing: $0) })
          return try await proof.ask("server") { try await $0.ask(request).cut.sessions }
        }
        #expect(try await end("nothing of that name") == 0)
        #expect(try await end(nil) == 2)
        #expect(try await end("kept", "2001:db8::1") == 1)
        #expect(try await listed("server") == ["in 10.0.0.2 17/80 allowed kept 2"])
        #expect(try await end(nil, "10.0.0.9") == 0)
        #expect(try await end(nil, "10.0.0.1") == 2)
        #expect(try await listed("server").isEmpty)
        #expect(try await listed("client").count == 4)
      }
    }
  }
}
