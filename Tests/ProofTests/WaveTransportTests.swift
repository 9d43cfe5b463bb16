import Lab
import LabHarness
import Testing

extension FleetProof {
  /// Runs in waves by real ssh: with shared connections and without, through a bastion, and with connections that are lost in the
  /// middle of a wave.
  @Suite(
    .enabled(if: SSHServer.isInstalled, "no OpenSSH server here; install the Debian package openssh-server"))
  struct WaveTransportTests {
    private static let webs = ["web-1", "web-2", "web-3"]

    private static let inventory = """
      version: 1
      services: {ssh: tcp/22, web: tcp/80}
      hosts:
        desk: {addresses: [10.0.0.1]}
        web-1: {addresses: [10.0.0.2], groups: web}
        web-2: {addresses: [10.0.0.3], groups: web}
        web-3: {addresses: [10.0.0.4], groups: web}
      flows:
        management: {from: desk, to: web, service: ssh, why: It is how changes get there}

      """

    private static let wider =
      inventory + "  more: {from: desk, to: web, service: web, why: A page is looked at}\n"

    private static let waves = ["--host", "web", "--yes", "--waves", "1,100%"]

    /// Servers whose hosts have the rules of `inventory`, by ssh, and are to get those of `wider`.
    private func withFleet(
      isShared: Bool, _ body: @escaping @Sendable (ProofLab, SSHServer) async throws -> Void
    ) async throws {
      try await withServers(Self.inventory, on: Self.webs) { proof, server in
        let addresses = Dictionary(
          uniqueKeysWithValues: Self.webs.enumerated().map { ($1, "10.0.0.\($0 + 2)") })
        try await server.configure(addresses, options: isShared ? server.sharing : [])
        let first = try await server.run(Self.waves)
        #expect(first.status == 0, "\(first.output)")
        try await server.write(inventory: Self.wider)
        do {
          try await body(proof, server)
        } catch {
          await leave(server)
          throw error
        }
        await leave(server)
      }
    }

    /// Ends masters, which would outlive the servers.
    private func leave(_ server: SSHServer) async {
      for host in Self.webs { _ = try? await server.command(from: "desk", ["ssh", "-O", "exit", host]) }
    }

    /// Whether all hosts have the new rules, or all the old ones, and nothing is on trial.
    private func haveNew(_ proof: ProofLab) async throws -> Bool {
      var states: Set<Bool> = []
      for host in Self.webs {
        let listing = try await proof.listing(host)
        #expect(!listing.contains("trial"), "\(host)")
        #expect(listing.contains("comment \"management\""), "\(host)")
        states.insert(listing.contains("comment \"more\""))
      }
      #expect(states.count == 1, "some hosts have changed, and others not")
      return states.contains(true)
    }

    @Test(.needs(.root), .timeLimit(.minutes(60)), arguments: [false, true])
    func `a run goes through and another one back, and every host is proven and confirmed by new connections`(
      isShared: Bool
    ) async throws {
      // Trials that begin anew log in as well: none does within so long, however busy the machine.
      let waves = Self.waves + ["--confirm-within", "30m"]
      try await withFleet(isShared: isShared) { proof, server in
        var before: [Int] = []
        for host in Self.webs { before.append(try await server.logins(host)) }
        let refused = try await server.run(waves + ["--check", "/bin/false"])
        #expect(
          refused.status == 5 && refused.output.contains("every host has what it had"), "\(refused.output)")
        #expect(try await !haveNew(proof))
        for (number, host) in Self.webs.enumerated() {
          // One to prove itself; without a master one to be looked at, one for the trial and one to end it.
          let logins = try await server.logins(host) - before[number]
          let isBegun = host == "web-1"
          #expect(logins == (isBegun ? isShared ? 1 : 4 : isShared ? 0 : 1), "\(host): \(logins)")
          before[number] += logins
        }
        let applied = try await server.run(waves + ["--json"])
        #expect(
          applied.status == 0 && applied.output.contains(#""outcome":"confirmed""#), "\(applied.output)")
        #expect(try await haveNew(proof))
        for (number, host) in Self.webs.enumerated() {
          let logins = try await server.logins(host) - before[number]
          // One more is to confirm.
          #expect(logins == (isShared ? 2 : 4), "\(host): \(logins)")
        }
      }
    }

    /// Once, some time behind its beginning, and of what kind.
    struct Loss: CustomTestStringConvertible, Sendable {
      let isConfirming: Bool
      let delay: String
      var isShared = false

      var testDescription: String {
        "\(isConfirming ? "a proving or confirming" : "another") connection \(delay) s behind its beginning\(isShared ? ", with a master" : "")"
      }

      static let all =
        [false, true].flatMap { isConfirming in
          ["0.05", "0.3", "0.6"].map { Loss(isConfirming: isConfirming, delay: $0) }
        } + [Loss(isConfirming: true, delay: "0.3", isShared: true)]

      /// Kills the first ssh to web-2 that is of this kind.
      func hook(_ directory: String) -> String {
        let kind = "case \" $* \" in *ControlPath=none*) new=1;; *) new=0;; esac"
        return """
          \(kind)
          case " $* " in *" web-2 "*)
            if [ $new = \(isConfirming ? 1 : 0) ] && [ -e \(directory)/armed ] && mkdir \(directory)/killed 2> /dev/null; then
              (exec > /dev/null 2>&1 < /dev/null; sleep \(delay); kill -KILL $$) &
            fi;;
          esac
          """
      }
    }

    @Test(.needs(.root), .timeLimit(.minutes(60)), arguments: Loss.all)
    func `whichever ssh is killed in the middle of a wave, all hosts have one or all the other`(loss: Loss)
      async throws
    {
      try await withFleet(isShared: loss.isShared) { proof, server in
        // Behind the look, which ends nothing that has begun.
        try await server.write("", to: "armed")
        try await server.hook(loss.hook(server.directory))
        let ended = try await server.run(Self.waves + ["--timeout", "20s"])
        try await server.hook("")
        let words = "\(loss): \(ended.status)\n\(ended.output)"
        if ended.status == 1 {
          // It was lost while nothing had begun yet.
          #expect(ended.output.contains("nothing was applied"), "\(words)")
        } else {
          #expect([0, 5].contains(ended.status), "\(words)")
        }
        #expect(try await haveNew(proof) == (ended.status == 0), "\(words)")
        let again = try await server.run(Self.waves)
        #expect(again.status == 0, "\(again.output)")
        #expect(try await haveNew(proof))
      }
    }

    /// - Parameter comesBack: whether the link is there again while the run still goes back.
    @Test(.needs(.root), .timeLimit(.minutes(60)), arguments: [false, true])
    func `a host whose link goes down on trial goes back by its kernel, and is named until it can be asked`(
      comesBack: Bool
    ) async throws {
      try await withFleet(isShared: false) { proof, server in
        let directory = server.directory
        try await server.write(
          """
          #!/bin/sh
          read -r host; [ $SEKISHO_WAVE = 1 ] && exit 0
          i=0; touch \(directory)/waits; until [ -e \(directory)/goes ] || [ $i = 3000 ]; do i=$((i+1)); sleep 0.1; done
          """, to: "check")
        _ = try await LabHarness.run(["/bin/chmod", "755", "\(directory)/check"]).succeeded()
        let outcome = Task {
          try await server.run(
            Self.waves + ["--check", "\(directory)/check", "--confirm-within", "15s", "--timeout", "3s"])
        }
        // Proven, and waiting to be confirmed.
        try await server.waits(for: "[ -e \(directory)/waits ]")
        let route = try await proof.lab.run("web-2", ["ip", "-4", "route", "show", "default"]).succeeded()
        _ = try await proof.lab.run("web-2", ["ip", "link", "set", "eth0", "down"]).succeeded()
        try await server.write("", to: "goes")
        @Sendable func mend() async throws {
          let words = route.split(whereSeparator: \.isWhitespace).map(String.init)
          _ = try await proof.lab.run("web-2", ["ip", "link", "set", "eth0", "up"]).succeeded()
          _ = try await proof.lab.run("web-2", ["ip", "-4", "route", "replace"] + words).succeeded()
        }
        if comesBack {
          // The others are back, and the run waits for this one.
          let prefix = try proof.lab.execPrefix("web-3").joined(separator: " ")
          try await server.waits(
            for: "\(prefix) nft list table inet sekisho | grep -q management && "
              + "! \(prefix) nft list table inet sekisho | grep -q -e 'comment \"more' -e trial")
          try await mend()
        }
        let ended = try await outcome.value
        #expect(ended.status == (comesBack ? 5 : 1), "\(ended.output)")
        if !comesBack {
          #expect(ended.output.contains("web-2: it is not known to have what it had"), "\(ended.output)")
          try await mend()
          let reverted = try await server.run(["--revert", "--yes"], isNew: false)
          #expect(reverted.status == 5, "\(reverted.output)")
        }
        #expect(try await !haveNew(proof))
        let again = try await server.run(Self.waves)
        #expect(again.status == 0, "\(again.output)")
        #expect(try await haveNew(proof))
      }
    }

    private static let behind = """
      version: 1
      services: {ssh: tcp/22, web: tcp/80}
      hosts:
        bastion: {addresses: [10.0.0.4]}
        desk: {addresses: [10.0.0.1]}
        web-1: {addresses: [10.0.0.2], groups: inner}
        web-2: {addresses: [10.0.0.3], groups: inner}
      groups:
        far: {hosts: inner, transport: "ssh -J bastion {host} sudo -n"}
      flows:
        inwards: {from: bastion, to: inner, service: ssh, why: It is how changes get there}
        outside: {from: desk, to: bastion, service: ssh, why: People come in by it}

      """

    @Test(.needs(.root), .timeLimit(.minutes(60)), arguments: [false, true])
    func `hosts behind a bastion change in waves through it`(isShared: Bool) async throws {
      try await withServers(Self.behind, on: ["bastion", "web-1", "web-2"]) { proof, server in
        try await server.configure(
          ["bastion": "10.0.0.4", "web-1": "10.0.0.2", "web-2": "10.0.0.3"],
          options: isShared ? server.sharing : [])
        let waves = ["--host", "inner", "--yes", "--waves", "1,100%"]
        let applied = try await server.run(waves)
        #expect(applied.status == 0, "\(applied.output)")
        // From now on they let in the bastion alone.
        try await server.write(
          inventory: Self.behind + "  more: {from: bastion, to: inner, service: web, why: A page}\n")
        let before = try await server.logins("web-1")
        let refused = try await server.run(waves + ["--check", "/bin/false"])
        #expect(refused.status == 5, "\(refused.output)")
        for host in ["web-1", "web-2"] {
          #expect(try await !proof.listing(host).contains("comment \"more\""))
        }
        // Whoever is proven is so by a connection that began behind the bastion.
        #expect(try await server.logins("web-1") > before)
        let again = try await server.run(waves)
        #expect(again.status == 0, "\(again.output)")
        for host in ["web-1", "web-2"] { #expect(try await proof.listing(host).contains("comment \"more\"")) }
        for host in ["web-1", "web-2", "bastion"] {
          _ = try await server.command(from: "desk", ["ssh", "-O", "exit", host])
        }
      }
    }
  }
}

extension SSHServer {
  /// `sekisho apply` at the desk.
  ///
  /// - Parameter isNew: whether it is said of which inventory.
  fileprivate func run(_ words: [String], isNew: Bool = true) async throws -> Finished {
    let place = isNew ? ["-i", "\(directory)/inventory.yaml"] : []
    return try await command(from: "desk", [try productProgram(), "apply"] + words + place)
  }

  /// Waits until a condition of sh(1) is true.
  fileprivate func waits(for condition: String) async throws {
    let last = ContinuousClock.now + .seconds(300)
    while try await LabHarness.run(["/bin/sh", "-c", condition]).status != 0 {
      try #require(ContinuousClock.now < last, "waited in vain for: \(condition)")
      try await Task.sleep(for: .milliseconds(100))
    }
  }
}
