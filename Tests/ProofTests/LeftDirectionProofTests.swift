import AgentProtocol
import LabHarness
import Nftables
import Policy
import RulesetDiff
import Testing

extension KernelProof {
  /// A direction that is left alone has no rules, and what has rules is judged all the same.
  @Suite struct LeftDirectionProofTests {
    private static func inventory(_ mode: String) -> String {
      """
      version: 1
      services: {web: tcp/80, dns: udp/53}
      hosts:
        client: {addresses: [10.0.0.1, "2001:db8::1"], mode: {ingress: observe, egress: observe}}
        server: {addresses: [10.0.0.2, "2001:db8::2"]\(mode)}
      flows:
        served: {from: client, to: server, service: [web, dns], why: a test}
      """
    }

    private static let into = [
      "tcp - 10.0.0.2 80", "tcp - 10.0.0.2 81", "udp - 2001:db8::2 53", "udp - 2001:db8::2 54",
    ]
    private static let out = ["tcp - 10.0.0.1 80", "udp - 10.0.0.1 54", "icmpv6 - 2001:db8::1 128"]
    private static let judged = ["open", "silent", "open", "silent"]
    private static let denied = ["silent", "egress denied", "egress denied"]
    private static let open = Array(repeating: "open", count: 3)

    private func modes(_ proof: ProofLab) async throws -> [String] {
      let status = try await proof.ask("server") { try await $0.ask(Status()) }
      return status.table?.directions.map { "\($0.hook.rawValue) \($0.mode.rawValue)" } ?? []
    }

    @Test(arguments: [
      (", mode: {egress: leave}", judged, open, ["input enforce", "output leave"]),
      (
        ", mode: {ingress: leave}", Array(repeating: "open", count: 4), denied,
        ["input leave", "output enforce"]
      ),
    ])
    func `packets pass a direction that is left alone, and meet the rules of the other`(
      mode: String, into: [String], out: [String], modes: [String]
    ) async throws {
      try await withProofLab(try loaded(Self.inventory(mode)), try labRights()) { proof in
        try await proof.apply(["server"])
        _ = try await proof.lab.whileListening(["server", "client"], ["tcp=80,81", "udp=53,54"]) {
          let (asked, asking) = (
            try await proof.lab.probe("client", Self.into), try await proof.lab.probe("server", Self.out)
          )
          #expect(asked == into && asking == out)
        }
        #expect(try await self.modes(proof) == modes)
        let records = try await proof.ask("server") { try await $0.ask(ListRecords()) }
        for direction in records.directions where direction.mode == .leave {
          #expect(direction.entries.isEmpty && direction.memory == 0)
        }
        let usage = try await proof.ask("server") { try await $0.ask(ListUsage()) }
        #expect(usage.leftAlone == records.directions.filter { $0.mode == .leave }.map(\.hook))
      }
    }

    @Test func `a direction is left alone on trial, for good, and judged again`() async throws {
      try await withProofLab(try loaded(Self.inventory("")), try labRights()) { proof in
        try await proof.apply(["server"])
        let enforcing = proof.table(HostID(1))
        let leaving = try proof.changed(to: Self.inventory(", mode: {egress: leave}")).table(HostID(1))
        @Sendable func judges(_ out: [String], _ modes: [String]) async throws {
          #expect(try await proof.lab.probe("client", Self.into) == Self.judged)
          #expect(try await proof.lab.probe("server", Self.out) == out)
          #expect(try await self.modes(proof) == modes)
        }
        @Sendable func arm(_ table: Table) async throws -> Armed {
          try await proof.ask("server") { agent in
            try await agent.ask(
              Arm(table, seen: nil, seconds: 600, note: ChangeNote(why: nil, meaning: "a test")))
          }
        }
        let (both, one) = (["input enforce", "output enforce"], ["input enforce", "output leave"])
        _ = try await proof.lab.whileListening(["server", "client"], ["tcp=80,81", "udp=53,54"]) {
          try await judges(Self.denied, both)
          // Tried and gone back from, tried and confirmed; then the same the other way.
          for (table, old, new, before, during) in [
            (leaving, both, one, Self.denied, Self.open), (enforcing, one, both, Self.open, Self.denied),
          ] {
            _ = try await arm(table)
            try await judges(during, new)
            _ = try await proof.ask("server") { try await $0.ask(EndTrial()) }
            try await judges(before, old)
            #expect(try await !proof.listing("server").contains("trial"))
            let armed = try await arm(table)
            _ = try await proof.ask("server") { try await $0.ask(Confirm(token: armed.token)) }
            try await judges(during, new)
            #expect(try await !proof.listing("server").contains("trial"))
            let compared = try await proof.ask("server") { try await $0.ask(Look(table)) }
            #expect(compared.comparison.change.isEmpty)
          }
        }
      }
    }

    @Test func `a first trial of one direction judges that one, and leaves no table`() async throws {
      try await withProofLab(try loaded(Self.inventory(", mode: {egress: leave}")), try labRights()) {
        proof in
        let wanted = proof.table(HostID(1))
        #expect(wanted.chain("output") == nil && wanted.chain("input") != nil)
        _ = try await proof.lab.whileListening(["server", "client"], ["tcp=80,81", "udp=53,54"]) {
          _ = try await proof.ask("server") { agent in
            try await agent.ask(
              Arm(wanted, seen: nil, seconds: 600, note: ChangeNote(why: nil, meaning: "first")))
          }
          #expect(try await proof.lab.probe("client", Self.into) == Self.judged)
          #expect(try await proof.lab.probe("server", Self.out) == Self.open)
          #expect(try await self.modes(proof) == ["input enforce", "output leave"])
          _ = try await proof.ask("server") { try await $0.ask(EndTrial()) }
          #expect(
            try await proof.lab.probe("client", Self.into) == Array(repeating: "open", count: 4))
        }
        let tables = try await proof.lab.run("server", ["nft", "list", "tables"])
        #expect(!tables.output.contains("sekisho"))
      }
    }
  }
}
