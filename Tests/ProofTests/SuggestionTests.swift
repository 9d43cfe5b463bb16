import Addressing
import AgentProtocol
import FlowProposal
import Foundation
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

    private static func proposal(
      _ proof: ProofLab, _ lists: [String: PeerList]
    ) -> FlowProposal {
      var names: [Address: String] = [:]
      for host in proof.policy.hosts { for address in host.addresses { names[address] = host.name } }
      let reader = RecordReader(names: names, policy: proof.policy, now: Timestamp(seconds: 1_900_000_000))
      return FlowProposal(
        over: lists.sorted { $0.key < $1.key }.flatMap { host, list in
          list.directions.flatMap { reader.connections($0, at: host) }
        }, in: proof.policy)
    }

    private static func listed(_ proof: ProofLab) async throws -> [String: PeerList] {
      var lists: [String: PeerList] = [:]
      for host in proof.policy.hosts {
        lists[host.name] = try await proof.ask(host.name) { try await $0.ask(ListPeers()) }
      }
      return lists
    }

    /// `input 10.0.0.1 6/5432 1`.
    private static func told(_ list: PeerList?) -> Set<String> {
      Set(
        (list?.directions ?? []).flatMap { direction in
          direction.peers.map { "\(direction.hook.rawValue) \($0.record.text) \($0.sessions)" }
        })
    }

    @Test func `what runs on hosts without rules becomes flows under which it goes on`() async throws {
      try await withProofLab(try loaded(Self.inventory("enforce")), try labRights()) { proof in
        let program = try supportProgram()
        func quiet(_ host: String, _ role: String, _ address: String, _ file: String? = nil) throws
          -> [String]
        {
          try proof.lab.execPrefix(host) + [program, "quiet-\(role)", address, "5432"]
            + (file.map { [$0] } ?? [])
        }
        let file = FileManager.default.temporaryDirectory.appending(path: "sekisho-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        let (server, client) = (
          try quiet("db", "server", "2001:db8::3"), try quiet("web-1", "client", "2001:db8::3", file.path)
        )
        // It stays open until there is no input any more.
        let resolving =
          try proof.lab.execPrefix("web-2")
          + ["bash", "-c", "exec 3<>/dev/udp/10.0.0.3/53; echo quiet; read line || true"]
        let ran = try await whileRunning(server, after: "listening") {
          _ = try await whileRunning(client, after: "quiet") {
            _ = try await whileRunning(resolving, after: "quiet") {
              _ = try await proof.lab.whileListening(["db"], ["udp=54"]) {
                let lists = try await Self.listed(proof)
                #expect(Self.told(lists["web-1"]) == ["output 2001:db8::3 6/5432 1"])
                #expect(Self.told(lists["web-2"]) == ["output 10.0.0.3 17/53 1"])
                // Its listener hears in both families, and whom a socket of UDP hears is not known.
                #expect(Self.told(lists["db"]) == ["input 2001:db8::1 6/5432 1"])
                #expect(lists["db"]?.waiting == [PeerList.Waiting(ipProtocol: 17, port: 54)])
                #expect(Self.told(lists["mallory"]).isEmpty)
                #expect(lists.values.allSatisfy { !$0.isTracked && $0.uncertain == 0 && $0.unanswered == 0 })
                let proposal = Self.proposal(proof, lists)
                #expect(proposal.left.isEmpty && proposal.covered == 3, "\(proposal.left)")
                let text = proposal.file(header: [], of: .sessions, now: Timestamp(seconds: 1_900_000_000))
                  .text
                #expect(text.contains("# 1 session at 2030-03-17T17:46:40Z"), "\(text)")
                let flows = try #require(text.split(separator: "version: 1\n").last).replacing(
                  "why: \"\"", with: "why: it runs")
                let enforcing = try proof.changed(to: Self.inventory("enforce") + flows)
                #expect(
                  enforcing.policy.flows.map(\.name).sorted() == ["web-1-to-db", "web-2-to-db"], "\(text)")
                for host in enforcing.policy.hosts.map(\.name) {
                  let wanted = enforcing.table(of: host)
                  _ = try await enforcing.ask(host) { try await $0.ask(Apply(wanted, seen: nil)) }
                }
                try Data().write(to: file)
              }
            }
          }
        }
        #expect(ran.finished.output.split(separator: "\n").last == "heard", "\(ran.finished.output)")
      }
    }

    @Test func `where the kernel tracks it tells more than sockets do`() async throws {
      try await withProofLab(try loaded(Self.inventory("enforce")), try labRights()) { proof in
        // As somebody else's rules make it track, which deny nothing.
        let tracking = """
          table inet other {
            chain input { type filter hook input priority 0; ct state established accept; }
            chain output { type filter hook output priority 0; ct state established accept; }
          }

          """
        for host in ["db", "web-1"] { try await proof.lab.load(host, tracking) }
        for name in ["udp_timeout", "icmp_timeout", "icmpv6_timeout"] {
          let path = "/proc/sys/net/netfilter/nf_conntrack_\(name)"
          for host in ["db", "web-1"] {
            _ = try await proof.lab.run(host, ["sh", "-c", "echo 600 > \(path)"]).succeeded()
          }
        }
        _ = try await proof.lab.whileListening(["db"], ["tcp=5432", "udp=53"]) {
          let outcomes = try await proof.lab.probe(
            "web-1",
            [
              "udp - 10.0.0.3 53", "icmp - 10.0.0.3 8", "icmpv6 - 2001:db8::3 128", "udp - 10.0.0.3 99",
              "tcp - 10.0.0.3 99",
            ])
          #expect(outcomes.prefix(3).allSatisfy { $0 == "open" }, "\(outcomes)")
          let talk = "exec 3<>/dev/tcp/10.0.0.3/5432; echo x >&3; read -u 3 line; echo $line"
          #expect(try await proof.lab.run("web-1", ["bash", "-c", talk]).succeeded() == "x\n")
        }
        let lists = try await Self.listed(proof)
        #expect(lists["db"]?.isTracked == true && lists["web-1"]?.isTracked == true)
        // That the server's end has closed does not take it out of what is tracked.
        let seen: Set<String> = ["6/5432 1", "17/53 1", "1:8 1"]
        #expect(Self.told(lists["db"]).isSuperset(of: seen.map { "input 10.0.0.1 \($0)" }))
        #expect(Self.told(lists["web-1"]).isSuperset(of: seen.map { "output 10.0.0.3 \($0)" }))
        #expect(Self.told(lists["db"]).contains("input 2001:db8::1 58:128 1"))
        // Doors that are closed are no flows.
        for host in ["db", "web-1"] {
          #expect(Self.told(lists[host]).allSatisfy { !$0.contains("/99 ") })
          #expect((lists[host]?.unanswered ?? 0) > 0)
        }
        let proposal = Self.proposal(proof, lists)
        #expect(proposal.flows.map(\.name) == ["web-1-to-db"] && proposal.left.isEmpty, "\(proposal)")
        #expect(proposal.flows.map(\.services) == [["dns", "postgres", "ping"]])
      }
    }
  }
}
