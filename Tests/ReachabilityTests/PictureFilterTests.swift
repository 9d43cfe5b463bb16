import Addressing
import Policy
import PolicyFixtures
import Reachability
import Testing

/// A picture of some alone.
@Suite struct PictureFilterTests {
  private static let now = Timestamp(seconds: 1500)

  @Test(arguments: 0..<40)
  func `arrows lead to those that were asked for, or from them, and to nobody else`(seed: UInt64) throws {
    let random = RandomPolicy(seed: seed)
    let policy = seed % 2 == 0 ? random.withVirtuals(seed: seed) : random.policy
    let whole = Picture(policy, at: Self.now)
    for index in policy.hosts.indices {
      let host = HostID(index)
      let filter = Picture.Filter(hosts: [host], networks: AddressSet(), in: policy)
      let asked = Picture(policy, at: Self.now, to: filter)
      let asking = Picture(policy, at: Self.now, from: filter)
      #expect(asked.arrows.allSatisfy { holds(asked.boxes[$0.to], host, asked, policy) }, "seed \(seed)")
      #expect(asking.arrows.allSatisfy { holds(asking.boxes[$0.from], host, asking, policy) }, "seed \(seed)")
      // None of those is left out.
      func flows(_ picture: Picture, _ end: KeyPath<Picture.Arrow, Int>) -> Set<FlowID> {
        Set(
          picture.arrows.filter { holds(picture.boxes[$0[keyPath: end]], host, picture, policy) }
            .flatMap(\.flows))
      }
      #expect(flows(whole, \.to).isSubset(of: flows(asked, \.to)), "seed \(seed)")
      #expect(flows(whole, \.from).isSubset(of: flows(asking, \.from)), "seed \(seed)")
    }
  }

  /// Whether a box has a host, or is a virtual address that it carries.
  private func holds(_ box: Picture.Box, _ host: HostID, _ picture: Picture, _ policy: Policy) -> Bool {
    box.hosts.contains(host) || box.parts.contains { picture.boxes[$0].hosts.contains(host) }
      || box.members.contains(policy[host].name)
  }
}
