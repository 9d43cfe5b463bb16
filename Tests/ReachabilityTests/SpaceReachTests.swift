import ConnectionSpace
import Policy
import PolicyFixtures
import PolicySpace
import Reachability
import Testing

/// How far an intruder gets by a space of connections, against how far he gets by the graph of roles.
@Suite struct SpaceReachTests {
  @Test(arguments: 0..<150)
  func `by its space an intruder gets as far as by its flows`(seed: Int) throws {
    let policy = RandomPolicy(seed: UInt64(seed)).policy
    let now = Timestamp(seconds: Int64(seed % 5) * 1000)
    try compare(policy, now, "seed \(seed)")
  }

  @Test func `the same in the reference inventory, crown jewels included`() throws {
    try compare(try reference(), Timestamp(seconds: 1_800_000_000), "reference")
  }

  private func compare(_ policy: Policy, _ now: Timestamp, _ label: String) throws {
    let space = try PolicySpace(
      policy, HostPolicies(policy), at: now, in: Universe(), reading: .effective)
    let crowns = policy.hosts.indices.map { HostID($0) }.filter(policy.isCrown)
    let every = try EveryReach(
      space.whole, hosts: policy.hosts.map(\.addresses), isCrown: { crowns.contains($0) }, hops: 4)
    let told = BlastRadius(every, crowns: crowns.count)
    let expected = BlastRadius(policy, at: now, hops: 4)
    #expect(told.pairs == expected.pairs, "\(label)")
    #expect(told.most == expected.most, "\(label)")
    #expect(told.fromOutside == expected.fromOutside, "\(label)")
    #expect(told.endangering == expected.endangering, "\(label)")
    #expect(told.crownsFromOutside == expected.crownsFromOutside, "\(label)")
  }
}
