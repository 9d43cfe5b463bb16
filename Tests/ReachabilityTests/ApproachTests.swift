import Addressing
import Policy
import PolicyFixtures
import Reachability
import Testing

/// Whoever gets somewhere is told, and nobody else: held against how far everybody gets.
@Suite struct ApproachTests {
  @Test(arguments: 0..<40) func `it is the way there seen from its end`(seed: UInt64) throws {
    let policy = RandomPolicy(seed: seed).policy
    let graph = ReachGraph(
      policy, at: Timestamp(seconds: 0), marking: policy.hosts.indices.map { [HostID($0)] })
    for target in policy.hosts.indices.map({ HostID($0) }) {
      for hops in [1, 2, 64] {
        let approach = graph.approach(to: graph.area(of: [target]), hops: hops)
        var told: [HostID: Int] = [:]
        for (index, level) in approach.origins.enumerated() {
          for origin in level {
            #expect(origin.path.count == index + 1)
            for host in origin.hosts { told[host] = index + 1 }
          }
        }
        for source in policy.hosts.indices.map({ HostID($0) }) where source != target {
          let distance = graph.reach(from: graph.area(of: [source])).distance(to: target)
          #expect(told[source] == distance.flatMap { $0 <= hops ? $0 : nil })
        }
      }
    }
  }
}
