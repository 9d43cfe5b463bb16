import Addressing
import Foundation
import Inventory
import InventoryFiles
import Policy
import Rollout

/// What it costs to know the steps in which 10,000 hosts change, where one flow moves.
struct RolloutFigures {
  let place: String
  private static let runs = 5
  private static let now = Timestamp(seconds: 1_800_000_000)

  func show() throws {
    section("Steps for 10,000 hosts, of which one flow moves (medians of \(Self.runs), in processor time)")
    // By itself this part can be measured, too.
    let path = CompileFigures.inventory(10_000, in: place)
    if !FileManager.default.fileExists(atPath: path) { try CompileFigures.write(10_000, in: place) }
    guard let old = try Inventory.load(path).policy, let new = old.movingAFlow else {
      fail("\(path) is not a valid inventory with two flows")
    }
    var ratios: [Double] = []
    var all: [Double] = []
    var rollout: Rollout?
    for _ in 0..<Self.runs {
      waitForQuiet()
      var fleets: (CompiledFleet, CompiledFleet)?
      let compiles = processorSeconds {
        fleets = (CompiledFleet(compiling: old), CompiledFleet(compiling: new))
      }
      guard let fleets else { fail("nothing was compiled") }
      let steps = try processorSeconds {
        rollout = try Rollout(from: fleets.0, to: fleets.1, at: Self.now)
      }
      ratios.append((compiles + steps) / compiles)
      all.append(steps)
    }
    Figure("both compiles and the steps, against both compiles", median(ratios), "x", .atMost(1.5)).show()
    Figure("  the steps alone, of one processor", median(all), "s").show()
    for (number, step) in (rollout?.steps ?? []).enumerated() {
      Figure("  hosts in step \(number + 1)", Double(step.changes.count), "").show()
    }
  }
}

extension Policy {
  /// The same with the flow of most sources asking what another flow's asks; `nil` of fewer than two flows.
  fileprivate var movingAFlow: Policy? {
    func weight(_ flow: Flow) -> Int { flow.parts.reduce(0) { $0 + self[$1.from].hosts.count } }
    let all = self.flows
    guard let place = all.indices.max(by: { weight(all[$0]) < weight(all[$1]) }),
      let other = all.first(where: { $0.written.to != all[place].written.to && $0.parts.count == 1 })
    else { return nil }
    let old = all[place]
    var flows = all
    flows[place] = Flow(
      name: old.name, from: old.written.from, to: other.written.to, services: old.services, why: old.why,
      owner: old.owner, ticket: old.ticket, until: old.until, location: old.location)
    return Policy(
      hosts: hosts, peers: peers, services: services, flows: flows, guards: guards, zones: zones,
      groups: groups, hostGroups: hostGroups, networks: networks, terms: terms, management: management,
      logGroup: logGroup, tripwires: tripwires, virtuals: virtuals)
  }
}
