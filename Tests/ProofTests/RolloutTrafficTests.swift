import Fleet
import Foundation
import LabHarness
import Policy
import PolicyFixtures
import Rollout
import Testing

extension FleetProof {
  /// Hosts that are led from policy to policy, with a session on every connection that is allowed, and attempts at all others.
  @Suite struct RolloutTrafficTests {
    /// `ROLLOUT_HOSTS=100` is a fleet of some size (`make soak-rollout`).
    @Test(.timeLimit(.minutes(120)))
    func `no policy change loses a connection that both allow, or lets one pass that neither does`()
      async throws
    {
      let variables = ProcessInfo.processInfo.environment
      func number(_ name: String, _ usual: Int) -> Int { variables[name].flatMap { Int($0) } ?? usual }
      let hosts = number("ROLLOUT_HOSTS", 12)
      let count = number("ROLLOUT_CHANGES", 20)
      let (figures, faults) = try await Self.lead(hosts, count, seed: UInt64(number("ROLLOUT_SEED", 1)))
      #expect(faults.prefix(10) == [])
      #expect(figures.lived > count * hosts && figures.cut > 0)
      #expect(figures.opened > figures.lived && figures.shut > figures.lived)
      print(
        """
        measured: \(hosts) hosts, \(count) policies in \(figures.changes) changes of hosts; sessions lived through a change \
        \(figures.lived) times, \(faults.count) faults (\(figures.words) words; \(figures.cut) were cut that went); \
        \(figures.opened) connections came about, \(figures.shut) did not
        """)
    }

    /// What the other test would see.
    @Test(.timeLimit(.minutes(120))) func `hosts that go straight there cut what still goes`() async throws {
      let (_, faults) = try await Self.lead(12, 3, seed: 1, isStraight: true)
      #expect(faults.contains { $0.contains("did not come about") || $0.contains("was lost") }, "\(faults)")
    }

    /// - Parameter isStraight: whether hosts get what the new policy gives them in the place of the first step.
    private static func lead(
      _ hosts: Int, _ count: Int, seed: UInt64, isStraight: Bool = false
    ) async throws -> (MeshTraffic.Figures, faults: [String]) {
      var fleet = MeshFleet(hosts: hosts, seed: seed)
      var texts = [fleet.inventory]
      var triples = fleet.allowed
      for _ in 0..<count {
        fleet.change()
        texts.append(fleet.inventory)
        triples.formUnion(fleet.allowed)
      }
      // What nobody ever allows: of few hosts all, of many some.
      var random = SeededGenerator(seed: 2)
      let all = (0..<hosts).flatMap { from in
        (0..<hosts).filter { $0 != from }.flatMap { to in (0..<3).map { [from, to, $0] } }
      }
      triples.formUnion(hosts > 20 ? Array(all.shuffled(using: &random).prefix(hosts * 8)) : all)
      let policies = try texts.map { try loaded($0) }
      let ends = triples.sorted { $0.lexicographicallyPrecedes($1) }.shuffled(using: &random)
      return try await withProofLab(policies[0], try labRights()) { proof in
        try await proof.apply()
        return try await withTemporaryDirectory { directory in
          let traffic = try MeshTraffic(ends, policies, hosts: hosts, in: directory)
          var figures = MeshTraffic.Figures()
          try await traffic.running(proof.lab, pause: hosts > 20 ? 5000 : 1000) {
            var changes = 0
            for (old, new) in zip(policies, policies.dropFirst()) {
              let steps = try Rollout(
                from: CompiledFleet(compiling: old), to: CompiledFleet(compiling: new),
                at: .init(seconds: 1_800_000_000)
              ).steps
              let straight = ProofLab(policy: new, lab: proof.lab)
              try await traffic.changing {
                for step in steps {
                  traffic.begins(step)
                  let tables = step.changes.shuffled(using: &random).map { change in
                    (change.host, isStraight ? straight.table(of: change.host) : change.wanted)
                  }
                  let results = await concurrently(tables, limit: 4) { host, table in
                    try await proof.apply(table, on: host)
                  }
                  for result in results { _ = try result.get() }
                  changes += results.count
                }
              }
            }
            try await traffic.settle()
            figures = try traffic.judged()
            figures.changes = changes
          }
          return (figures, traffic.faults)
        }
      }
    }
  }
}
