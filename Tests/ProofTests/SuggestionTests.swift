import Addressing
import AgentProtocol
import FlowProposal
import InventoryText
import Lab
import LabHarness
import Policy
import Records
import Testing

extension KernelProof {
  /// From hosts that only observe to hosts that enforce, by what they have recorded of real packets.
  @Suite struct SuggestionTests {
    private static func inventory(_ mode: String) -> String {
      """
      version: 1
      settings: {mode: \(mode)}
      hosts:
        db:      {addresses: [10.0.0.3, "2001:db8::3"]}
        mallory: {addresses: [10.0.0.4, "2001:db8::4"]}
        web-1:   {addresses: [10.0.0.1, "2001:db8::1"], groups: [web]}
        web-2:   {addresses: [10.0.0.2, "2001:db8::2"], groups: [web]}

      """
    }

    /// What the applications do: who asks, and for what.
    private static let used: [(host: String, attempts: [String])] = [
      ("web-1", ["tcp - 10.0.0.3 5432", "udp - 10.0.0.3 53", "icmp - 10.0.0.3 8"]),
      ("web-2", ["tcp - 2001:db8::3 5432", "udp - 2001:db8::3 53", "icmpv6 - 2001:db8::3 128"]),
    ]
    private static let unused: [(host: String, attempts: [String])] = [
      ("web-1", ["tcp - 10.0.0.3 22", "udp - 10.0.0.3 54", "tcp - 10.0.0.2 5432"]),
      ("db", ["tcp - 10.0.0.1 5432", "icmp - 10.0.0.1 8"]),
      ("mallory", ["tcp - 10.0.0.3 5432", "tcp - 2001:db8::3 5432", "icmp - 10.0.0.1 8"]),
    ]

    @Test func `what was observed becomes flows under which the same passes and nothing else`() async throws {
      let observing = Self.inventory("observe")
      try await withEnforcedLab(observing, try labRights()) { proof in
        func ask(
          _ some: [(host: String, attempts: [String])], expecting expected: Set<String>
        ) async throws {
          _ = try await proof.lab.whileListening(
            ["db", "web-1", "web-2"], ["tcp=22,5432", "udp=53,54"]
          ) {
            for (host, attempts) in some {
              let outcomes = try await proof.lab.probe(host, attempts)
              #expect(Set(outcomes).isSubset(of: expected), "\(host): \(outcomes)")
            }
          }
        }
        try await ask(Self.used, expecting: ["open"])
        var names: [Address: String] = [:]
        for host in proof.policy.hosts { for address in host.addresses { names[address] = host.name } }
        let reader = RecordReader(names: names, policy: proof.policy, now: Timestamp(seconds: 1_900_000_000))
        var connections: [RecordedConnection] = []
        for host in proof.policy.hosts {
          let list = try await proof.ask(host.name) { try await $0.ask(ListRecords()) }
          #expect(list.directions.allSatisfy { $0.mode == .observe })
          connections += list.directions.flatMap { reader.connections($0, at: host.name) }
        }
        let proposal = FlowProposal(over: connections, in: proof.policy)
        #expect(proposal.left.isEmpty, "\(proposal.left)")
        let text = proposal.file(header: [], now: Timestamp(seconds: 1_900_000_000)).text
        let flows = try #require(text.split(separator: "version: 1\n").last).replacing(
          "why: \"\"", with: "why: it was seen")
        let enforcing = try proof.changed(to: Self.inventory("enforce") + flows)
        #expect(enforcing.policy.flows.map(\.name) == ["web-to-db"], "\(text)")
        try await enforcing.apply()
        try await ask(Self.used, expecting: ["open"])
        try await ask(Self.unused, expecting: ["silent", "egress denied"])
      }
    }
  }
}
