import Diagnostics
import Foundation
import Inventory
import InventoryFiles
import Policy
import Reachability

/// What it costs to know how far an intruder gets from every host, and that guards hold.
struct ReachFigures {
  let place: String
  private static let runs = 7
  private static let now = Timestamp(seconds: 1_800_000_000)

  func show() throws {
    section("Reach and guards at 10,000 hosts, after the policy is loaded (best of \(Self.runs))")
    let path = "\(place)/fleet-10000"
    guard let policy = try Inventory.load(path).policy else { fail("\(path) is not a valid inventory") }
    waitForQuiet()
    var every: EveryReach?
    var nodes = 0
    let reach = best {
      let graph = ReachGraph(policy, at: Self.now)
      nodes = graph.nodeCount
      every = graph.everyReach(hops: 4)
    }
    Figure("reach from every host in 4 hops, the graph included", reach * 1000, "ms", .atMost(10)).show()
    let graph = best { _ = ReachGraph(policy, at: Self.now) }
    Figure("  of it the graph, of \(nodes) roles", graph * 1000, "ms").show()
    if let every {
      Figure("  pairs of hosts within 4 hops", Double(every.pairs[3]) / 1e6, "M").show()
    }
    let guarded = policy.guarding(100)
    var broken: [BrokenGuard] = []
    let guards = best { broken = GuardChecker(guarded, at: Self.now).broken() }
    Figure("100 guards, \(broken.count) of them broken", guards * 1000, "ms", .atMost(100)).show()
    let holding = Policy(
      hosts: guarded.hosts, peers: guarded.peers, services: guarded.services, flows: guarded.flows,
      guards: guarded.guards.enumerated().filter { index, _ in !broken.contains { $0.index == index } }.map {
        $0.element
      }, zones: guarded.zones)
    let others = best { _ = GuardChecker(holding, at: Self.now).broken() }
    Figure("  the \(holding.guards.count) that hold", others * 1000, "ms").show()
  }

  private func best(_ body: () -> Void) -> Double {
    let clock = ContinuousClock()
    return (0..<Self.runs).map { _ in
      let took = clock.measure(body)
      return Double(took.components.seconds) + Double(took.components.attoseconds) * 1e-18
    }.min() ?? 0
  }
}

extension Policy {
  /// The same with guards of every kind about what its flows name.
  fileprivate func guarding(_ count: Int) -> Policy {
    let guards = (0..<count).map { number in
      let one = flows[number * 7 % flows.count]
      let other = flows[number * 13 % flows.count]
      let statement: GuardStatement =
        switch number % 5 {
        case 0: .never(from: one.written.to, to: other.written.from, service: nil, hops: 1 + number / 5 % 4)
        case 1: .only(from: one.written.from, to: one.written.to, service: one.services[0])
        case 2:
          .expect(
            from: one.written.from, to: one.written.to, service: one.services[0], allowed: number % 2 == 0)
        case 3: .through(from: one.written.to, to: other.written.to, via: other.written.from)
        default: .never(from: one.written.from, to: other.written.to, service: other.services[0], hops: 2)
        }
      return Guard(
        name: "g\(number)", statement: statement,
        location: SourceLocation(file: "guards.yaml", line: number + 1, column: 1))
    }
    return Policy(
      hosts: hosts, peers: peers, services: services, flows: flows, guards: guards, zones: zones,
      groups: groups)
  }
}
