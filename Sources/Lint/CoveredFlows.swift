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
      return !flow.hasEnded(now)
        && !flow.parts.allSatisfy { $0.from == $0.to && policy[$0.from].isOneHost }
    }
    containment = PeersContainment(policy, flows.reduce(into: []) { $0.formUnion(policy[$1].ends) })
    let parts = flows.flatMap { id in policy[id].parts.map { (id: id, part: $0) } }
    let byFrom = Dictionary(grouping: parts) { $0.part.from }
    let byTo = Dictionary(grouping: parts) { $0.part.to }
    // For each set of peers the last part whose far end is within it.
    var mark = [Int](repeating: -1, count: policy.peers.count)
    /// The flows, in some order, that have both ends of a part, whatever their services are.
    func containing(_ part: FlowPart, _ number: Int) -> [FlowID] {
      let (froms, tos) = (containment.containing(part.from), containment.containing(part.to))
      let fromCount = froms.reduce(0) { $0 + (byFrom[$1]?.count ?? 0) }
      let toCount = tos.reduce(0) { $0 + (byTo[$1]?.count ?? 0) }
      for peers in fromCount < toCount ? tos : froms { mark[peers.index] = number }
      let candidates =
        fromCount < toCount
        ? froms.lazy.flatMap { byFrom[$0] ?? [] } : tos.lazy.flatMap { byTo[$0] ?? [] }
      return candidates.filter { mark[(fromCount < toCount ? $0.part.to : $0.part.from).index] == number }
        .map(\.id)
    }
    var number = 0
    for id in flows {
      // What covers a flow has each of its parts.
      var candidates: [FlowID]?
      for part in policy[id].parts {
        let own = containing(part, number)
        number += 1
        candidates =
          candidates.map { known in
            let own = Set(own)
            return known.filter(own.contains)
          } ?? own
        if candidates?.isEmpty == true { break }
      }
      for other in candidates ?? [] where other != id {
        guard lastsAsLong(other, as: id), services[other.index].covers(services[id.index]),
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
      && policy[narrow].parts.allSatisfy { part in
        policy[wide].parts.contains {
          containment.contains($0.from, part.from) && containment.contains($0.to, part.to)
        }
      }
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
  fileprivate var isOneHost: Bool { hosts.count == 1 && isOnly(hosts[0]) }
}
