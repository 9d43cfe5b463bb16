import AgentProtocol
import Fleet
import Glibc
import LabHarness
import Nftables
import Policy
import RulesetDiff
import Testing

extension HostProof {
  /// The kernel goes back by itself.
  @Suite struct TrialTests {
    private static func inventory(_ port: Int) -> String {
      """
      version: 1
      services: {old: tcp/80, new: tcp/\(port)}
      hosts:
        client: {addresses: [10.0.0.1, "2001:db8::1"]}
        server: {addresses: [10.0.0.2, "2001:db8::2"]}
      flows:
        served: {from: client, to: server, service: \(port == 80 ? "old" : "new"), why: a test}
      """
    }

    private static let aims = [
      "tcp - 10.0.0.2 80", "tcp - 10.0.0.2 81", "tcp - 2001:db8::2 80", "tcp - 2001:db8::2 81",
    ]
    private static let before = ["open", "silent", "open", "silent"]
    private static let during = ["silent", "open", "silent", "open"]

    private static let endKeepers = """
      for process in /proc/[0-9]*; do
        tr '\\0' ' ' < $process/cmdline 2>/dev/null | grep -q 'agent [-]-keep' && kill -9 ${process#/proc/}
      done; true
      """

    @Test func `a trial that nobody confirms ends by the kernel's hand, with every process of ours dead`()
      async throws
    {
      try await withProofLab(try loaded(Self.inventory(80)), try labRights()) { proof in
        try await proof.apply(["client", "server"])
        let other = try proof.changed(to: Self.inventory(81))
        try await other.apply(["client"])
        let wanted = other.table(HostID(1))
        let note = ChangeNote(why: "a test", meaning: "81 for 80")
        let armed = try await proof.ask("server") { agent in
          try await agent.ask(Arm(wanted, seen: nil, seconds: 8, note: note))
        }
        _ = try await proof.lab.run("server", ["sh", "-c", Self.endKeepers]).succeeded()
        #expect(try await proof.listing("server").contains("trial/input"))
        let busy = await #expect(throws: AgentFailure.self) {
          _ = try await proof.ask("server") { agent in
            try await agent.ask(Apply(wanted, seen: nil))
          }
        }
        #expect(busy?.code == .trialRuns)
        // With nobody there to help, new connections are judged as before once the time is over.
        var books = try await proof.ask("server") { try await $0.ask(History()) }
        for _ in 0..<600 where books.trial != nil {
          try await Task.sleep(for: .milliseconds(100))
          books = try await proof.ask("server") { try await $0.ask(History()) }
        }
        #expect(books.trial == nil && books.confirmed == 1)
        #expect(try await proof.listing("server").contains("trial/input"))
        // Whoever comes next cleans up; there is nothing to confirm any more.
        let late = await #expect(throws: AgentFailure.self) {
          _ = try await proof.ask("server") { agent in
            try await agent.ask(Confirm(token: armed.token))
          }
        }
        #expect(late?.code == .noTrial)
        #expect(try await !proof.listing("server").contains("trial"))
      }
    }

    @Test func `a trial judges as the new rules do, and a confirmed one stays`() async throws {
      try await withProofLab(try loaded(Self.inventory(80)), try labRights()) { proof in
        try await proof.apply(["server"])
        let wanted = try proof.changed(to: Self.inventory(81)).table(HostID(1))
        _ = try await proof.lab.whileListening(["server"], ["tcp=80,81"]) {
          #expect(try await proof.lab.probe("client", Self.aims) == Self.before)
          let note = ChangeNote(why: nil, meaning: "81 for 80")
          let armed = try await proof.ask("server") { agent in
            try await agent.ask(Arm(wanted, seen: nil, seconds: 600, note: note))
          }
          #expect(try await proof.lab.probe("client", Self.aims) == Self.during)
          _ = try await proof.ask("server") { try await $0.ask(EndTrial()) }
          #expect(try await proof.lab.probe("client", Self.aims) == Self.before)
          #expect(try await !proof.listing("server").contains("trial"))

          let again = try await proof.ask("server") { agent in
            try await agent.ask(Arm(wanted, seen: nil, seconds: 600, note: note))
          }
          #expect(again.revision == armed.revision + 1)
          _ = try await proof.ask("server") { try await $0.ask(Extend(seconds: 900)) }
          let left = try await proof.ask("server") { try await $0.ask(History()) }.trial?.left
          #expect(left.map { (600_001...900_000).contains($0) } == true)
          _ = try await proof.ask("server") { agent in
            try await agent.ask(Confirm(token: again.token))
          }
          #expect(try await proof.lab.probe("client", Self.aims) == Self.during)
          #expect(try await !proof.listing("server").contains("trial"))
        }
        let compared = try await proof.ask("server") { try await $0.ask(Look(wanted)) }
        #expect(compared.comparison.change.isEmpty)
      }
    }

    @Test func `the first trial of a host denies, and leaves no table when it is over`() async throws {
      try await withProofLab(try loaded(Self.inventory(80)), try labRights()) { proof in
        let wanted = proof.table(HostID(1))
        _ = try await proof.lab.whileListening(["server"], ["tcp=80,81"]) {
          let note = ChangeNote(why: nil, meaning: "first")
          _ = try await proof.ask("server") { agent in
            try await agent.ask(Arm(wanted, seen: nil, seconds: 600, note: note))
          }
          #expect(try await proof.lab.probe("client", Self.aims) == Self.before)
          _ = try await proof.ask("server") { try await $0.ask(EndTrial()) }
          #expect(try await proof.lab.probe("client", Self.aims) == Array(repeating: "open", count: 4))
        }
        let tables = try await proof.lab.run("server", ["nft", "list", "tables"])
        #expect(!tables.output.contains("sekisho"))
      }
    }
  }
}
