internal import Addressing
internal import Policy

extension Lint {
  static func endedFlows(_ policy: Policy, _ now: Timestamp) -> [Remark] {
    policy.flows.compactMap { flow in
      guard let until = flow.until, until <= now else { return nil }
      return Remark(
        .expired, flow.name, at: flow.location, "the flow `\(flow.name)` has been over since \(until)",
        help: "remove it: it opens nothing any more")
    }
  }

  static func flowsWithoutOwner(_ policy: Policy, _ now: Timestamp) -> [Remark] {
    policy.flows.filter { $0.owner == nil && !$0.hasEnded(now) }.map { flow in
      Remark(
        .noOwner, flow.name, at: flow.location, "the flow `\(flow.name)` does not say who answers for it",
        help: "write `owner:` and the team to ask before the flow is changed")
    }
  }

  static func flowsOfAnyToAny(_ policy: Policy, _ now: Timestamp) -> [Remark] {
    // `web` means the web servers, even in an inventory that has no other hosts, or one host alone.
    let narrow = Set(
      policy.hostGroups.map(\.name) + policy.zones.map(\.name) + policy.hosts.prefix(1).map(\.name))
    func text(_ id: PeersID) -> String? {
      let peers = policy[id]
      if peers.hosts.count == policy.hosts.count, !narrow.contains(peers.name) { return "every host" }
      return peers.networks.isMost ? "nearly every address" : nil
    }
    return policy.flows.compactMap { flow in
      let ends = flow.parts.lazy.compactMap { part in
        text(part.from).flatMap { from in text(part.to).map { (from, $0) } }
      }
      guard !flow.hasEnded(now), let (from, to) = ends.first else { return nil }
      return Remark(
        .anyToAny, flow.name, at: flow.location,
        "the flow `\(flow.name)` is any to any: it lets \(from) reach \(to)",
        help: "name who needs it, and what they need: an intruder anywhere has this flow too")
    }
  }
}
