import Foundation
import Lab
import LabHarness
import Policy
import PolicyFixtures
import Rollout
import Testing

extension HostProof {
  /// Hosts under traffic that are led from policy to policy, in any order within a step. `SOAK_ROLLOUTS=100` goes on for longer.
  @Suite struct RolloutProofTests {
    /// What changes: who else may ask the server, where a service is, and what else there is.
    private struct Stage: Equatable {
      var crew = ["client", "a"]
      var place = "a"
      var more = "tcp/9100-9200"
      var extra = 0

      private static let extras = [
        "more: {from: a, to: server, service: more, why: a test}",
        "more: {from: [a, b], to: client, service: more, why: a test}",
        "others: {from: office, to: [server, a], service: more, why: a test}",
        "more: {from: server, to: office, service: [more, moved], why: a test, until: 2099-01-01}",
      ]

      var inventory: String {
        """
        version: 1
        networks: {office: {prefixes: [192.0.2.0/25]}}
        services: {app: [tcp/9000, udp/9000], more: \(more), moved: tcp/9300}
        groups: {crew: [\(crew.joined(separator: ", "))], place: \(place)}
        hosts:
          client: {addresses: [10.0.0.1, "2001:db8::1"]}
          server: {addresses: [10.0.0.2, "2001:db8::2"]}
          a: {addresses: [10.0.0.3, "2001:db8::3"]}
          b: {addresses: [10.0.0.4, "2001:db8::4"]}
        flows:
          in-for-good: {from: crew, to: server, service: app, why: a test}
          out-for-good: {from: server, to: crew, service: app, why: a test}
          moved: {from: client, to: place, service: moved, why: a test}
          \(Self.extras[extra])
        """
      }

      mutating func change(_ random: inout SeededGenerator) {
        place = place == "a" ? "b" : "a"
        crew = ["client"] + ["a", "b"].filter { _ in random.oneIn(2) }
        if random.oneIn(2) {
          more = ["tcp/9100-9200", "tcp/9150", "udp/9100"].randomElement(using: &random) ?? more
        }
        extra = Int.random(in: Self.extras.indices, using: &random)
      }
    }

    /// Whether the client gets to the service at either place.
    private static func isReached(_ proof: ProofLab) async throws -> Bool {
      try await proof.lab.probe("client", ["tcp - 10.0.0.3 9300", "tcp - 10.0.0.4 9300"])
        .contains { $0 == "open" || $0.hasPrefix("refused") }
    }

    @Test func `no order within a step cuts what stays, and what moves is open at one place all the time`()
      async throws
    {
      let rounds = ProcessInfo.processInfo.environment["SOAK_ROLLOUTS"].flatMap { Int($0) } ?? 5
      try await withProofLab(try loaded(Stage().inventory), try labRights()) { proof in
        try await proof.apply()
        try await proof.lab.load("server", SoakTests.witness)
        func pouring(_ host: String, _ addresses: String) throws -> [String] {
          try proof.lab.execPrefix(host) + [supportProgram(), "pour", "5000", addresses, "9000", "9001"]
        }
        let incoming = try pouring("client", "10.0.0.2,2001:db8::2")
        let outgoing = try pouring("server", "10.0.0.1,2001:db8::1")
        let changes = try await whileRunning(incoming, after: "pouring") {
          try await whileRunning(outgoing, after: "pouring") {
            var random = SeededGenerator(seed: UInt64(rounds))
            var stage = Stage()
            var changes = 0
            for round in 1...rounds {
              let before = CompiledFleet(compiling: try proof.changed(to: stage.inventory).policy)
              stage.change(&random)
              let after = CompiledFleet(compiling: try proof.changed(to: stage.inventory).policy)
              let steps = try Rollout(from: before, to: after, at: .init(seconds: 1_800_000_000)).steps
              #expect(steps.count == 2, "round \(round)")
              for step in steps {
                for change in step.changes.shuffled(using: &random) {
                  try await proof.apply(change.wanted, on: change.host)
                  changes += 1
                  #expect(try await Self.isReached(proof), "round \(round), behind \(change.host)")
                }
              }
            }
            // Without steps it is not.
            stage.place = stage.place == "a" ? "b" : "a"
            try await proof.changed(to: stage.inventory).apply(["client"])
            #expect(try await !Self.isReached(proof))
            return changes
          }.result
        }.result
        let passage = try await SoakTests.passage(proof, ["out"], atLeast: rounds)
        let ahead = try await SoakTests.packets(proof, "in-ahead")
        let behind = try await SoakTests.packets(proof, "in-behind")
        for (family, proto, _) in SoakTests.paths.filter({ $0.way == "in" }) {
          let sent = try #require(ahead["\(family) \(proto) 9000"])
          #expect(sent > rounds && sent == behind["\(family) \(proto) 9000"], "\(family) \(proto)")
          // The client's own rules let none of these out.
          #expect(ahead["\(family) \(proto) 9001"] == 0, "\(family) \(proto)")
        }
        print("measured: \(rounds) policies in \(changes) changes of hosts; \(passage)")
      }
    }
  }
}
