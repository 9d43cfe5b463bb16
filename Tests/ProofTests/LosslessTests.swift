import AgentProtocol
import Lab
import LabHarness
import Nftables
import Testing

extension HostProof {
  /// What happens to packets at the instant at which a change takes place.
  @Suite struct LosslessTests {
    private static func inventory(_ networks: String, from: String, until: String = "") -> String {
      """
      version: 1
      networks:
      \(networks)
      services: {app: udp/9000, more: udp/9100-9200}
      hosts:
        sender: {addresses: [10.0.0.1]}
        server: {addresses: [10.0.0.2]}
        third: {addresses: [10.0.0.3]}
      flows:
        f: {from: \(from), to: server, service: app, why: a test}
      \(until)
      """
    }

    /// Ranges that hold the sender, and some hundred more, so that to fill them takes a while.
    private static func network(_ name: String, _ second: Int) -> String {
      let others = (0..<600).map { "172.\(second).\($0 / 4).\($0 % 4 * 64)/27" }
      return "  \(name): {prefixes: [10.0.0.0/31, \(others.joined(separator: ", "))]}"
    }

    private static let office = inventory(network("office", 16), from: "office")
    private static let branch = inventory(network("branch", 17), from: "branch")
    private static let wider = inventory(network("office", 17), from: "office")
    private static let shared = inventory(
      network("office", 16), from: "office",
      until: "  g: {from: office, to: server, service: more, why: a test}")
    /// `crew` is a set of addresses, then one of ranges.
    private static let crew = inventory(network("office", 16), from: "crew")
      .replacing("hosts:", with: "groups: {crew: [sender, third]}\nhosts:")
    private static let crewOfRanges = inventory(network("office", 16), from: "crew")
      .replacing("hosts:", with: "groups: {crew: [sender, office]}\nhosts:")

    /// Ahead of Sekisho's table and behind it, datagrams that are allowed and those that are not.
    private static let witness = """
      table ip witness {
        chain ahead {
          type filter hook prerouting priority -400;
          udp dport 9000 counter comment "allowed"
          udp dport 9001 counter comment "denied"
        }
        chain behind {
          type filter hook input priority 100;
          udp dport 9000 counter comment "allowed"
          udp dport 9001 counter comment "denied"
        }
      }
      """

    struct Passed: Equatable {
      var ahead = 0
      var behind = 0
    }

    private static func counted(_ proof: ProofLab, _ comment: String) async throws -> Passed {
      func packets(_ chain: String) async throws -> Int {
        let listing = try await proof.lab.run("server", ["nft", "list", "chain", "ip", "witness", chain])
          .output
        let line = try #require(listing.split(separator: "\n").first { $0.contains("\"\(comment)\"") })
        return try #require(line.firstMatch(of: /packets (\d+)/).flatMap { Int($0.1) })
      }
      return Passed(ahead: try await packets("ahead"), behind: try await packets("behind"))
    }

    /// Pours datagrams from the sender to the server while something is done there.
    private static func whilePouring(
      from text: String, _ body: @escaping @Sendable (ProofLab) async throws -> Void
    ) async throws {
      try await withProofLab(try loaded(text), try labRights()) { proof in
        _ = try await proof.apply(["server"])
        try await proof.lab.load("server", witness)
        let command =
          try proof.lab.execPrefix("sender") + [supportProgram(), "pour", "0", "10.0.0.2", "9000", "9001"]
        _ = try await whileRunning(command, after: "pouring") {
          try await body(proof)
        }
        let allowed = try await counted(proof, "allowed")
        let denied = try await counted(proof, "denied")
        #expect(allowed.ahead > 10_000 && denied.ahead > 10_000)
        #expect(allowed.ahead == allowed.behind)
        #expect(denied.behind == 0)
        print(
          "measured: \(allowed.ahead) allowed datagrams, \(allowed.ahead - allowed.behind) lost; \(denied.behind) denied ones passed"
        )
      }
    }

    enum Turn: String, CaseIterable {
      case ruleMovesToNewRanges = "a rule moves to new ranges"
      case rangesComeAndGo = "ranges of a set come and go"
      case mapOfRangesComesAndGoes = "a map of ranges comes and goes"
      case addressesBecomeRanges = "a set of addresses becomes one of ranges and back"

      var inventories: [String] {
        switch self {
        case .ruleMovesToNewRanges: [office, branch]
        case .rangesComeAndGo: [office, wider]
        case .mapOfRangesComesAndGoes: [office, shared]
        case .addressesBecomeRanges: [crew, crewOfRanges]
        }
      }
    }

    @Test(arguments: Turn.allCases)
    func `twenty changes lose no allowed datagram and let no denied one in`(turn: Turn) async throws {
      let inventories = turn.inventories
      try await Self.whilePouring(from: inventories[0]) { proof in
        let policies = try inventories.map { try proof.changed(to: $0) }
        for number in 1...20 { try await policies[number % 2].apply(["server"]) }
      }
    }

    @Test func `what is not ours is taken out without a loss, and untouched rules count on`() async throws {
      try await Self.whilePouring(from: Self.office) { proof in
        let rule = try await proof.lab.run(
          "server", ["nft", "-a", "list", "chain", "inet", "sekisho", "in.app"]
        ).output
        let handle = try #require(rule.firstMatch(of: /comment "f" # handle (\d+)/)?.1)
        for number in 0..<20 {
          let additions = [
            "add counter inet sekisho hits\nadd rule inet sekisho in.app counter name hits",
            "add map inet sekisho m { type ipv4_addr : counter; }\nadd counter inet sekisho hits\nadd element inet sekisho m { 10.0.0.9 : \"hits\" }",
            "add set inet sekisho s { type ipv4_addr; flags interval; policy memory; }",
          ]
          try await proof.lab.load("server", additions[number % 3])
          try await proof.apply(["server"])
          let left = try await proof.listing("server")
          #expect(!left.contains("hits") && !left.contains("set s {"))
        }
        let after = try await proof.lab.run(
          "server", ["nft", "-a", "list", "chain", "inet", "sekisho", "in.app"]
        ).output
        #expect(after.contains("comment \"f\" # handle \(handle)\n"))
      }
    }

    /// A table that is deleted as it is loses packets itself: its elements go while packets that have begun to pass its rules
    /// still look for them.
    @Test(arguments: [
      ["add table inet sekisho { flags dormant; }"],
      [
        "add chain inet sekisho input { policy accept; }", "flush chain inet sekisho input",
        "delete table inet sekisho",
      ],
    ])
    func `a table that was off is switched on, and a first one is made, without a loss`(ends: [String])
      async throws
    {
      try await withProofLab(try loaded(Self.office), try labRights()) { proof in
        try await proof.lab.load("server", Self.witness)
        let branch = try proof.changed(to: Self.branch)
        let command =
          try proof.lab.execPrefix("sender") + [supportProgram(), "pour", "0", "10.0.0.2", "9000", "9001"]
        _ = try await whileRunning(command, after: "pouring") {
          for number in 0..<20 {
            for end in ends where number > 0 { try await proof.lab.load("server", end) }
            let wanted = (number % 2 == 0 ? branch : proof).table(of: "server")
            _ = try await proof.ask("server") { try await $0.ask(Apply(wanted, seen: nil)) }
            #expect(try await !proof.listing("server").contains("dormant"))
          }
        }
        let allowed = try await Self.counted(proof, "allowed")
        #expect(allowed.ahead > 10_000)
        #expect(allowed.ahead == allowed.behind)
      }
    }
  }
}
