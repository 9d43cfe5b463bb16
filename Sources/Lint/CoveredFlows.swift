internal import Addressing
internal import Diagnostics
internal import Policy

extension Lint {
  /// Flows that open nothing which another one does not open for at least as long; of equals the later one.
  static func coveredFlows(_ policy: Policy, _ now: Timestamp) -> [Remark] {
    let covered = CoveredFlows(policy, now)
    return covered.covering.sorted { $0.key < $1.key }.map { id, other in
      let (flow, wide) = (policy[id], policy[other])
      return Remark(
        .covered, flow.name, at: flow.location,
        "the flow `\(flow.name)` opens nothing that `\(wide.name)` does not open too",
        help: covered.areEqual(id, other)
          ? "remove one of the two"
          : "narrow `\(wide.name)` to what is meant, or remove this one: it changes nothing",
        related: [
          RelatedPlace(location: wide.location, length: wide.name.count, message: "opened here already")
        ])
    }
  }
}

/// Which flow is covered by which.
private struct CoveredFlows {
  /// For each covered flow one that covers it and is not covered itself.
  private(set) var covering: [FlowID: FlowID] = [:]

  private let policy: Policy
  private let containment: PeersContainment
  /// What each flow's services open.
  private let services: [ServiceCoverage]

  init(_ policy: Policy, _ now: Timestamp) {
    self.policy = policy
    services = policy.flows.map { ServiceCoverage($0, policy) }
    // A flow that has ended neither covers nor is worth removing twice; a flow to itself is told by the loader.
    let flows = policy.flows.indices.map { FlowID($0) }.filter { id in
      let flow = policy[id]
      let isToItself = flow.from == flow.to && policy[flow.from].isOneHost
      return !flow.hasEnded(now) && !isToItself
    }
    containment = PeersContainment(policy, Set(flows.flatMap { [policy[$0].from, policy[$0].to] }))
    let byFrom = Dictionary(grouping: flows) { policy[$0].from }
    let byTo = Dictionary(grouping: flows) { policy[$0].to }
    // For each set of peers the last flow whose far end is within it.
    var mark = [Int](repeating: -1, count: policy.peers.count)
    for id in flows {
      let flow = policy[id]
      let (froms, tos) = (containment.containing(flow.from), containment.containing(flow.to))
      let fromCount = froms.reduce(0) { $0 + (byFrom[$1]?.count ?? 0) }
      let toCount = tos.reduce(0) { $0 + (byTo[$1]?.count ?? 0) }
      for peers in fromCount < toCount ? tos : froms { mark[peers.index] = id.index }
      let candidates =
        fromCount < toCount
        ? froms.lazy.flatMap { byFrom[$0] ?? [] } : tos.lazy.flatMap { byTo[$0] ?? [] }
      for other in candidates where other != id {
        let far = fromCount < toCount ? policy[other].to : policy[other].from
        guard mark[far.index] == id.index, lastsAsLong(other, as: id),
          services[other.index].covers(services[id.index]),
          !isEarlierEqual(id, of: other)
        else { continue }
        if let known = covering[id], policy[known].location <= policy[other].location { continue }
        covering[id] = other
      }
    }
    for id in covering.keys {
      while let other = covering[id], let wider = covering[other] { covering[id] = wider }
    }
  }

  /// Whether each opens what the other opens.
  func areEqual(_ flow: FlowID, _ other: FlowID) -> Bool { covers(flow, other) && covers(other, flow) }

  private func covers(_ wide: FlowID, _ narrow: FlowID) -> Bool {
    lastsAsLong(wide, as: narrow) && services[wide.index].covers(services[narrow.index])
      && containment.contains(policy[wide].from, policy[narrow].from)
      && containment.contains(policy[wide].to, policy[narrow].to)
  }

  private func lastsAsLong(_ other: FlowID, as flow: FlowID) -> Bool {
    guard let end = policy[other].until else { return true }
    return policy[flow].until.map { $0 <= end } ?? false
  }

  /// Whether the two flows open the same, and this one is written first.
  private func isEarlierEqual(_ flow: FlowID, of other: FlowID) -> Bool {
    guard
      policy[flow].location < policy[other].location
        || policy[flow].location == policy[other].location && flow < other
    else { return false }
    return covers(flow, other)
  }
}

extension Peers {
  fileprivate var isOneHost: Bool { hosts.count == 1 && networks.isEmpty }
}
