import AgentProtocol
import Fleet
import Lab
import LabHarness
import Policy
import RulesetDiff
import Testing

extension FleetProof {
  /// The way to real hosts: ssh, sudo, and an agent at the other end.
  @Suite(
    .enabled(if: SSHServer.isInstalled, "no OpenSSH server here; install the Debian package openssh-server"))
  struct FleetTests {
    private static let inventory = """
      version: 1
      services: {ssh: tcp/22, web: tcp/80}
      hosts:
        desk: {addresses: [10.0.0.1, "2001:db8::1"]}
        web-1: {addresses: [10.0.0.2, "2001:db8::2"], ssh: first-web}
        vault: {addresses: [10.0.0.3, "2001:db8::3"], ssh: first-web}
      flows:
        management: {from: desk, to: web-1, service: ssh, why: It is how changes get there}
      """

    @Test(.needs(.root)) func `a host is compared and changed through ssh, and can be reached again`()
      async throws
    {
      try await withProofLab(try loaded(Self.inventory), .root) { proof in
        try await withTemporaryDirectory { directory in
          let server = SSHServer(directory: directory, lab: proof.lab)
          try await server.prepare(inventory: Self.inventory)
          try await server.running(on: "web-1") {
            let differs = try await server.sekisho(from: "desk", "diff", "--host", "web-1")
            #expect(differs.status == 2, "\(differs.output)")
            #expect(differs.output.contains("management"))

            let applied = try await server.sekisho(from: "desk", "apply", "--host", "web-1", "--yes")
            #expect(applied.status == 0, "\(applied.output)")
            #expect(try await proof.listing("web-1").contains("comment \"management\""))

            // The new ruleset lets a new connection in by the management flow, and by nothing else.
            let same = try await server.sekisho(from: "desk", "diff", "--host", "web-1")
            #expect(same.status == 0, "\(same.output)")
            #expect(try await proof.packets("web-1", comment: "management") > 0)
            let again = try await server.sekisho(from: "desk", "apply", "--host", "web-1", "--yes")
            #expect(again.output.contains("1 had it already"), "\(again.output)")

            // What is called by the wrong name is not given the wrong ruleset.
            let before = try await proof.listing("web-1").filter { !$0.isNumber }
            let wrong = try await server.sekisho(from: "desk", "apply", "--host", "vault", "--yes")
            #expect(wrong.status == 1, "\(wrong.output)")
            #expect(
              wrong.output.contains("not vault") && wrong.output.contains("of web-1"), "\(wrong.output)")
            #expect(try await proof.listing("web-1").filter { !$0.isNumber } == before)

            // A host that is not there is an error with the words of ssh.
            try await server.configure(host: "first-web", port: 23)
            let lost = try await server.sekisho(from: "desk", "diff", "--host", "web-1")
            #expect(lost.status == 1)
            #expect(lost.output.contains("web-1") && lost.output.contains("ssh:"), "\(lost.output)")
          }
        }
      }
    }

    @Test(.needs(.root))
    func `a login that rules lead to the server is judged by what was asked for`() async throws {
      try await withProofLab(try loaded(Self.inventory), .root) { proof in
        try await withTemporaryDirectory { directory in
          let server = SSHServer(directory: directory, lab: proof.lab)
          try await server.prepare(inventory: Self.inventory)
          try await server.running(on: "web-1") {
            let rules =
              "add table ip nat; add chain ip nat pre { type nat hook prerouting priority -100; };"
              + "add rule ip nat pre tcp dport 2222 redirect to :22"
            _ = try await proof.lab.run("web-1", ["/usr/sbin/nft", rules]).succeeded()
            try await server.configure(host: "first-web", port: 2222)
            let refused = try await server.sekisho(from: "desk", "apply", "--host", "web-1", "--yes")
            #expect(refused.status == 6, "\(refused.output)")
            #expect(
              refused.output.contains("let you in again by tcp/2222 from 10.0.0.1, as you are there now"),
              "\(refused.output)")
            #expect(try await !proof.listing("web-1").contains("chain input"))
            // That it is by this one that hosts are managed, nobody can guess.
            try await server.write(
              inventory: Self.inventory.replacing(
                "services: {ssh: tcp/22,", with: "services: {ssh: tcp/2222,"))
            let unsaid = try await server.sekisho(from: "desk", "apply", "--host", "web-1", "--yes")
            #expect(
              unsaid.status == 6 && unsaid.output.contains("(where tcp/2222 manages it"), "\(unsaid.output)")
            try await server.write(
              inventory: Self.inventory.replacing(
                "services: {ssh: tcp/22,", with: "settings: {management: ssh}\nservices: {ssh: tcp/2222,"))
            let applied = try await server.sekisho(
              from: "desk", "apply", "--host", "web-1", "--yes", "--json")
            #expect(applied.output.contains(#""status" : "confirmed""#), "\(applied.output)")
          }
        }
      }
    }

    @Test(.needs(.root)) func `a host that was stopped from afar comes back with nobody there`() async throws
    {
      try await withProofLab(try loaded(Self.inventory), .root) { proof in
        try await withTemporaryDirectory { directory in
          let server = SSHServer(directory: directory, lab: proof.lab)
          try await server.prepare(inventory: Self.inventory)
          try await server.running(on: "web-1") {
            let applied = try await server.sekisho(from: "desk", "apply", "--host", "web-1", "--yes")
            #expect(applied.status == 0, "\(applied.output)")
            let stopped = try await server.sekisho(
              from: "desk", "stop", "--until", "8s", "--host", "web-1", "--stop-host", "web-1", "--why",
              "a trace")
            #expect(
              stopped.status == 0 && stopped.output.contains("revision 1 is put back"), "\(stopped.output)")
            // What waits there has outlived the session.
            var rounds = 0
            while try await !proof.listing("web-1").contains("comment \"management\""), rounds < 600 {
              try await Task.sleep(for: .milliseconds(500))
              rounds += 1
            }
            #expect(try await proof.listing("web-1").contains("comment \"management\""))
            let history = try await server.sekisho(from: "desk", "history", "--host", "web-1", "--json")
            #expect(history.output.contains(#""event" : "stopped""#), "\(history.output)")
          }
        }
      }
    }

    @Test(.needs(.root))
    func `what cuts the way by which it came is rolled back, and the way is there again`()
      async throws
    {
      let cutting = Self.inventory.replacing("from: desk, to: web-1", with: "from: vault, to: web-1")
      try await withProofLab(try loaded(Self.inventory), .root) { proof in
        try await withTemporaryDirectory { directory in
          let server = SSHServer(directory: directory, lab: proof.lab)
          try await server.prepare(inventory: Self.inventory)
          try await server.running(on: "web-1") {
            let first = try await server.sekisho(
              from: "desk", "apply", "--host", "web-1", "--yes", "--json", "--why", "the first")
            #expect(first.output.contains(#""status" : "confirmed""#), "\(first.output)")
            try await server.write(inventory: cutting)
            let refused = try await server.sekisho(from: "desk", "apply", "--host", "web-1", "--yes", "-q")
            #expect(refused.status == 6, "\(refused.output)")
            #expect(
              refused.output.contains("would let you in again by tcp/22 from 10.0.0.1"), "\(refused.output)")
            // What is missing is written out; with it there is nothing to change but a name.
            let missing = try #require(refused.output.split(separator: "flows:\n").dropFirst().first)
            let flow = missing.prefix { $0 != "\u{1b}" }.split(separator: "\n").prefix { $0.hasPrefix("  ") }
            try await server.write(inventory: cutting + "\n" + flow.joined(separator: "\n") + "\n")
            let whole = try await server.sekisho(from: "desk", "apply", "--host", "web-1", "--yes", "--json")
            #expect(whole.output.contains(#""status" : "confirmed""#), "\(whole.output)")
            try await server.write(inventory: Self.inventory)
            _ = try await server.sekisho(from: "desk", "apply", "--host", "web-1", "--yes")
            try await server.write(inventory: cutting)
            let cut = try await server.sekisho(
              from: "desk", "apply", "--host", "web-1", "--yes", "--allow-lockout", "web-1",
              "--confirm-within", "10s")
            #expect(cut.status == 5, "\(cut.output)")
            #expect(cut.output.contains("was not confirmed and is rolled back"), "\(cut.output)")
            // The kernel has gone back; the keeper may still have to take the names away.
            let ended = try await server.sekisho(from: "desk", "rollback", "--host", "web-1")
            #expect([0, 5].contains(ended.status), "\(ended.output)")
            #expect(try await !proof.listing("web-1").contains("trial"))
            let wanted = proof.table(HostID(2))
            let looked = try await proof.ask("web-1") { try await $0.ask(Look(wanted)) }
            #expect(looked.comparison.change.isEmpty, "\(looked.comparison.change)")
            let history = try await server.sekisho(from: "desk", "history", "--host", "web-1", "--verify")
            #expect(history.status == 0, "\(history.output)")
            #expect(history.output.contains("why: the first"), "\(history.output)")
            #expect(history.output.contains("never confirmed"), "\(history.output)")
          }
        }
      }
    }
  }
}
