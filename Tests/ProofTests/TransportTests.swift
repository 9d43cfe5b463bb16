import AgentProtocol
import Fleet
import Lab
import LabHarness
import Policy
import RulesetDiff
import Testing

extension FleetProof {
  /// Ways to hosts that real users have: shared connections, a bastion, servers that hang, connections that are lost.
  @Suite(
    .enabled(if: SSHServer.isInstalled, "no OpenSSH server here; install the Debian package openssh-server"))
  struct TransportProofTests {
    private static let inventory = """
      version: 1
      services: {ssh: tcp/22, web: tcp/80}
      hosts:
        desk: {addresses: [10.0.0.1]}
        web-1: {addresses: [10.0.0.2], ssh: first-web}
        web-2: {addresses: [10.0.0.3]}
      flows:
        management: {from: desk, to: [web-1, web-2], service: ssh, why: It is how changes get there}
      """

    private static let cutting = inventory.replacing(
      "from: desk, to: [web-1", with: "from: web-2, to: [web-1")

    // MARK: Shared connections

    @Test(.needs(.root)) func `with a shared connection, a change is confirmed by a new one`() async throws {
      try await withServers(Self.inventory) { proof, server in
        try await server.configure(["first-web": "10.0.0.2"], options: server.sharing)
        let master = try await server.command(from: "desk", ["ssh", "first-web", "true"])
        #expect(master.status == 0, "\(master.output)")
        #expect(try await server.logins("web-1") == 1)
        let applied = try await server.sekisho(from: "desk", "apply", "--host", "web-1", "--yes", "--json")
        #expect(applied.output.contains(#""status" : "confirmed""#), "\(applied.output)")
        // Comparing and trying go by the one that was there.
        #expect(try await server.logins("web-1") == 2)
        let same = try await server.sekisho(from: "desk", "diff", "--host", "web-1")
        #expect(same.status == 0, "\(same.output)")
        #expect(try await server.logins("web-1") == 2)
        _ = try await server.command(from: "desk", ["ssh", "-O", "exit", "first-web"])
      }
    }

    /// Through the shared connection the host could be asked all the time.
    @Test(.needs(.root), arguments: [false, true])
    func `a shared connection confirms nothing where no new one can begin`(ownTransport: Bool) async throws {
      let transport = "ssh: first-web, transport: \"ssh {host} sudo -n\""
      @Sendable func text(_ inventory: String) -> String {
        ownTransport ? inventory.replacing("ssh: first-web", with: transport) : inventory
      }
      try await withServers(text(Self.inventory)) { proof, server in
        try await server.configure(["first-web": "10.0.0.2"], options: server.sharing)
        let first = try await server.sekisho(from: "desk", "apply", "--host", "web-1", "--yes", "--json")
        #expect(first.output.contains(#""status" : "confirmed""#), "\(first.output)")
        try await server.write(inventory: text(Self.cutting))
        let cut = try await server.sekisho(
          from: "desk", "apply", "--host", "web-1", "--yes", "--allow-lockout", "web-1",
          "--confirm-within", "10s", "--keep-sessions")
        #expect(cut.status == 5, "\(cut.output)")
        let alive = try await server.command(from: "desk", ["ssh", "-O", "check", "first-web"])
        #expect(alive.output.contains("Master running"), "\(alive.output)")
        // The kernel has gone back; the keeper may still have to take the names away.
        let ended = try await server.sekisho(from: "desk", "rollback", "--host", "web-1")
        #expect([0, 5].contains(ended.status), "\(ended.output)")
        let wanted = proof.table(HostID(1))
        let looked = try await proof.ask("web-1") { try await $0.ask(Look(wanted)) }
        #expect(looked.comparison.change.isEmpty, "\(looked.comparison.change)")
        _ = try await server.command(from: "desk", ["ssh", "-O", "exit", "first-web"])
      }
    }

    // MARK: Connections that are lost

    /// What is done where the confirming connection is about to be made, and how the desk can be mended.
    struct Loss: CustomTestStringConvertible, Sendable {
      let testDescription: String
      let hook: String
      var mend = ["true"]

      static let all = [
        Loss(testDescription: "ssh is killed", hook: "kill -KILL $$"),
        Loss(
          testDescription: "packets are dropped",
          hook: "nft 'add table inet cut; add chain inet cut out { type filter hook output priority 0; }; "
            + "add rule inet cut out tcp dport 22 drop'",
          mend: ["nft", "delete", "table", "inet", "cut"]),
        Loss(testDescription: "ssh is stopped, and never goes on", hook: "kill -STOP $$"),
      ]
    }

    @Test(.needs(.root), arguments: Loss.all)
    func `a host whose connection is lost in the middle of a trial goes back`(loss: Loss) async throws {
      try await withServers(Self.inventory) { proof, server in
        let first = try await server.sekisho(from: "desk", "apply", "--host", "web-1", "--yes", "--json")
        #expect(first.output.contains(#""status" : "confirmed""#), "\(first.output)")
        let before = try await proof.listing("web-1").filter { !$0.isNumber }
        try await server.write(
          inventory: Self.inventory
            + "\n  more: {from: web-2, to: web-1, service: web, why: A page is looked at}\n")
        try await server.hook("case \" $* \" in *ControlPath=none*) \(loss.hook);; esac")
        let lost = try await server.sekisho(
          from: "desk", "apply", "--host", "web-1", "--yes", "--confirm-within", "8s", "--timeout", "3s")
        #expect([1, 5].contains(lost.status), "\(lost.output)")
        try await server.hook("")
        let mended = try await proof.lab.run("desk", loss.mend)
        #expect(mended.status == 0, "\(mended.output)")
        var ended = try await server.sekisho(from: "desk", "rollback", "--host", "web-1")
        if ended.status == 1 { ended = try await server.sekisho(from: "desk", "rollback", "--host", "web-1") }
        #expect([0, 5].contains(ended.status), "\(ended.output)")
        #expect(try await proof.listing("web-1").filter { !$0.isNumber } == before)
        let history = try await server.sekisho(from: "desk", "history", "--host", "web-1", "--verify")
        #expect(history.status == 0 && history.output.contains("never confirmed"), "\(history.output)")
        // What was lost can be had by trying again.
        let again = try await server.sekisho(from: "desk", "apply", "--host", "web-1", "--yes", "--json")
        #expect(again.output.contains(#""status" : "confirmed""#), "\(again.output)")
        #expect(try await proof.listing("web-1").contains("comment \"more\""))
      }
    }

    /// The kernel takes connections for a server that never says a word.
    @Test(.needs(.root)) func `a server that hangs is named, and holds up nobody else`() async throws {
      try await withServers(Self.inventory, on: ["web-1", "web-2"]) { proof, server in
        try await server.configure(["first-web": "10.0.0.2", "web-2": "10.0.0.3"])
        let hung = try await server.command(
          from: "web-2", ["sh", "-c", "kill -STOP $(cat \(server.directory)/web-2.pid)"])
        #expect(hung.status == 0, "\(hung.output)")
        let looked = try await server.sekisho(
          from: "desk", "status", "--host", "web-1, web-2", "--timeout", "3s", "--json")
        #expect(looked.status == 1, "\(looked.output)")
        #expect(
          looked.output.contains("unreachable") || looked.output.contains("timed-out"), "\(looked.output)")
        let refused = try await server.sekisho(
          from: "desk", "apply", "--host", "web-1, web-2", "--timeout", "3s", "--yes")
        #expect(refused.status == 1 && refused.output.contains("web-2: "), "\(refused.output)")
        #expect(try await !proof.listing("web-1").contains("management"))
        let applied = try await server.sekisho(
          from: "desk", "apply", "--host", "web-1, web-2", "--timeout", "3s", "--yes", "--skip-unreachable")
        #expect(applied.output.contains("web-2"), "\(applied.output)")
        #expect(try await proof.listing("web-1").contains("comment \"management\""))
        let goes = try await server.command(
          from: "web-2", ["sh", "-c", "kill -CONT $(cat \(server.directory)/web-2.pid)"])
        #expect(goes.status == 0, "\(goes.output)")
      }
    }

    // MARK: Another way

    private static let behind = """
      version: 1
      services: {ssh: tcp/22}
      hosts:
        bastion: {addresses: [10.0.0.4]}
        desk: {addresses: [10.0.0.1]}
        web-1: {addresses: [10.0.0.2], groups: inner}
      groups:
        far: {hosts: inner, transport: "ssh -J bastion {host} sudo -n"}
      flows:
        inwards: {from: bastion, to: inner, service: ssh, why: It is how changes get there}
        outside: {from: desk, to: bastion, service: ssh, why: People come in by it}
      """

    /// What the host has lets in the bastion alone, so that every later connection has come that way.
    @Test(.needs(.root), arguments: [false, true])
    func `a host behind a bastion is changed through it`(isCompiled: Bool) async throws {
      try await withServers(Self.behind, on: ["bastion", "web-1"]) { proof, server in
        try await server.configure(["bastion": "10.0.0.4", "web-1": "10.0.0.2"])
        let build = "\(server.directory)/build"
        if isCompiled {
          let compiled = try await server.sekisho(from: "desk", "compile", "--out", build)
          #expect(compiled.status == 0, "\(compiled.output)")
          try await server.write(inventory: "nothing that can be read")
        }
        @Sendable func sekisho(_ words: String...) async throws -> Finished {
          try await server.command(
            from: "desk",
            [try productProgram()] + words
              + (isCompiled ? ["--from", build] : ["-i", "\(server.directory)/inventory.yaml"]))
        }
        let applied = try await sekisho("apply", "--host", "web-1", "--yes", "--json")
        #expect(applied.output.contains(#""status" : "confirmed""#), "\(applied.output)")
        let log = try await server.read("bastion.log")
        #expect(try await server.logins("bastion") == 3, "\(log)")
        let direct = try await server.command(from: "desk", ["ssh", "web-1", "true"])
        #expect(direct.status == 255, "\(direct.output)")
        let same = try await sekisho("diff", "--host", "web-1")
        #expect(same.status == 0, "\(same.output)")
        #expect(try await proof.packets("web-1", comment: "inwards") > 0)
        let back = try await sekisho("stop", "--until", "for-good", "--host", "web-1", "--stop-host", "web-1")
        #expect(back.status == 0, "\(back.output)")
      }
    }

    /// The words arrive as they are: neither a shell nor anything else has read them.
    @Test(.needs(.root)) func `a transport that is no ssh is given its words and the agent's`() async throws {
      let inventory = Self.inventory.replacing(
        "ssh: first-web", with: #"transport: "/usr/bin/env DIR/reach {host} 'a $b  *' --""#)
      try await withProofLab(try loaded(inventory), .root) { proof in
        try await withTemporaryDirectory { directory in
          let server = SSHServer(directory: directory, lab: proof.lab)
          try await server.prepare(inventory: inventory.replacing("DIR", with: directory))
          let prefix = try proof.lab.execPrefix("web-1").joined(separator: " ")
          let reach = """
            #!/bin/sh
            printf '%s\\n' "$@" > "\(directory)/words"
            shift 3
            export PATH="\(directory)/bin:$PATH" SEKISHO_RUNTIME_DIR=\(directory)/run SEKISHO_STATE_DIR=\(directory)/state
            exec \(prefix) "$@"

            """
          try await server.write(reach, to: "reach")
          _ = try await run(["/bin/chmod", "755", "\(directory)/reach"]).succeeded()
          let looked = try await run([
            try productProgram(), "diff", "--host", "web-1", "-i", "\(directory)/inventory.yaml",
          ])
          #expect(looked.status == 2 && looked.output.contains("management"), "\(looked.output)")
          #expect(try await server.read("words") == "web-1\na $b  *\n--\nsekisho\nagent\n")
        }
      }
    }
  }
}
