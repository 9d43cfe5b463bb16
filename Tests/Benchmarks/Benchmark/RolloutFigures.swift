import Addressing
import Foundation
import Inventory
import InventoryFiles
import Policy
import Rollout

/// What it costs to know the steps in which 10,000 hosts change, where one flow moves: one of a role, and one that all have.
struct RolloutFigures {
  let place: String
  private static let runs = 5
  private static let now = Timestamp(seconds: 1_800_000_000)

  func show() throws {
    section("Steps for 10,000 hosts, of which one flow moves (medians of \(Self.runs), in processor time)")
    // By itself this part can be measured, too.
    let path = CompileFigures.inventory(10_000, in: place)
    if !FileManager.default.fileExists(atPath: path) { try CompileFigures.write(10_000, in: place) }
    guard let old = try Inventory.load(path).policy else { fail("\(path) is not a valid inventory") }
    try show(old, "a flow of one role moves") { flows in flows[flows.count / 2] }
    try show(old, "the flow of most sources moves, so that all hosts change") { $0.last }
  }

  /// - Parameter choose: which flow, of all in order of how many hosts they begin at.
  private func show(_ old: Policy, _ what: String, choose: ([Flow]) -> Flow?) throws {
    guard let flow = choose(old.flowsBySources), let new = old.moving(flow) else {
      fail("no flow can be moved to another end")
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
    Figure("\(what): both compiles and the steps, against both compiles", median(ratios), "x", .atMost(1.5))
      .show()
    Figure("  the steps alone, of one processor", median(all), "s").show()
    for (number, step) in (rollout?.steps ?? []).enumerated() {
      Figure("  hosts in step \(number + 1)", Double(step.changes.count), "").show()
    }
  }
}

extension Policy {
  fileprivate var flowsBySources: [Flow] {
    func weight(_ flow: Flow) -> Int { flow.parts.reduce(0) { $0 + self[$1.from].hosts.count } }
    return flows.sorted { (weight($0), $0.name) < (weight($1), $1.name) }
  }

  /// The same with a flow asking what another flow's asks; `nil` where no other flow can be asked.
  fileprivate func moving(_ old: Flow) -> Policy? {
    guard let place = flows.firstIndex(where: { $0.name == old.name }),
      let other = flows.first(where: { $0.written.to != old.written.to && $0.parts.count == 1 })
    else { return nil }
    var flows = flows
    flows[place] = Flow(
      name: old.name, from: old.written.from, to: other.written.to, services: old.services, why: old.why,
      owner: old.owner, ticket: old.ticket, until: old.until, location: old.location)
    return Policy(
      hosts: hosts, peers: peers, services: services, flows: flows, guards: guards, zones: zones,
      groups: groups, hostGroups: hostGroups, networks: networks, terms: terms, management: management,
      logGroup: logGroup, tripwires: tripwires, virtuals: virtuals)
  }
}
