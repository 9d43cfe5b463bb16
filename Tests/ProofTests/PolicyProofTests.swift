import AgentProtocol
import Glibc
import Lab
import LabHarness
import Policy
import PolicyFixtures
import Testing

extension KernelProof {
  /// What the policy says, what the kernel's ruleset means and what packets do is one and the same.
  @Suite struct PolicyProofTests {
    @Test func `the reference inventory allows and denies on the kernel what it says`() async throws {
      let policy = try reference()
      let tally = try await prove(policy, label: "the reference inventory", seed: 1, count: 1400)
      expectSubstance(tally, atLeast: 300)
      print("proved: the reference inventory: \(tally)")
    }

    /// Set PROOF_SEEDS to try more of them.
    private static let seeds: Range<UInt64> = {
      let wanted = getenv("PROOF_SEEDS").flatMap { UInt64(String(cString: $0)) }
      return 0..<(wanted ?? 8)
    }()

    @Test func `random inventories allow and deny on the kernel what they say`() async throws {
      var total = ThreeWayProof.Tally()
      var missing = Set(Feature.allCases)
      for seed in Self.seeds {
        let policy = try Self.policy(seed: seed)
        missing = missing.filter { !$0.occurs(in: policy) }
        total += try await prove(policy, label: "seed \(seed)", seed: seed, count: 250)
      }
      // Few seeds may miss something; the usual number does not.
      if Self.seeds.count >= 8 { #expect(missing.isEmpty) }
      expectSubstance(total, atLeast: 20 * Self.seeds.count)
      print("proved: \(Self.seeds.count) random inventories: \(total)")
    }

    /// A run that compared little proves little.
    private func expectSubstance(_ tally: ThreeWayProof.Tally, atLeast minimum: Int) {
      #expect(tally.packetsAllowed >= minimum)
      #expect(tally.packetsDenied >= minimum)
      #expect(tally.modelAllowed >= minimum)
      #expect(tally.modelDenied >= minimum)
      #expect(tally.witnessedAllowed >= minimum)
      #expect(tally.witnessedDenied >= minimum)
    }

    private func prove(_ policy: Policy, label: String, seed: UInt64, count: Int) async throws
      -> ThreeWayProof.Tally
    {
      try await withProofLab(policy, try labRights()) { proof in
        let reports = try await proof.apply()
        #expect(reports.allSatisfy { $0.operations > 0 })
        var sampler = ProbeSampler(policy, proof.lab.plan, seed: seed)
        var comparison = ThreeWayProof(proof, label: label)
        try await comparison.run(sampler.draw(count))
        // What has been proved of was what is wanted, and stays it.
        #expect(try await proof.apply().allSatisfy { $0.operations == 0 })
        return comparison.tally
      }
    }

    /// The first valid inventory that a seed leads to.
    private static func policy(seed: UInt64) throws -> Policy {
      for attempt in 0..<50 {
        let text = RandomInventory(seed: seed &* 1000 &+ UInt64(attempt)).text
        if let policy = ProofTests.policy(ofText: text) { return policy }
      }
      throw LabError(.refused, "no valid inventory came of seed \(seed)")
    }
  }
}
