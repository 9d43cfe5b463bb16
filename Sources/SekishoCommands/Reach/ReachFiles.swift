internal import Diagnostics
internal import Policy
internal import Reachability

// The answers of `reach` as JSON.

struct ReachFile: Encodable {
  struct Reached: Encodable {
    let host: String
    let hops: Int
    let crown: Bool
    let path: [PathJSON.Hop]
  }

  struct Distance: Encodable {
    let name: String
    let hops: Int
  }

  let from: String
  let hops: Int
  /// Managed hosts in all, those he is on among them.
  let hosts: Int
  let reached: [Reached]
  /// Of hosts that he is not on, from 0 to 1; on one address of many he is on no host that has another.
  let share: Double
  /// However far.
  let crowns: [Distance]
  let networks: [Distance]
  /// From where of the addresses that were asked for, and how many hosts, where not all of them are treated alike.
  let parts: [ReachReport.Part]?
}

struct PathsFile: Encodable {
  let from: String
  let to: String
  let paths: [[PathJSON.Hop]]
}

struct ApproachFile: Encodable {
  struct Origin: Encodable {
    let hosts: [String]
    /// Of the first of them.
    let path: [PathJSON.Hop]
  }

  let to: String
  let hops: Int
  /// Nearest first.
  let origins: [Origin]
  let outside: [[PathJSON.Hop]]
}

struct CutFile: Encodable {
  struct Removed: Encodable {
    let flow: String
    let at: String
  }

  let from: String
  let to: String
  /// `flows`, `separate` already, or `impossible` by flows.
  let cut: String
  let flows: [Removed]
  let isSmallest: Bool

  init(
    _ cut: Cut, _ start: Whereabouts, _ end: Whereabouts, _ policy: Policy,
    _ sources: Sources
  ) {
    from = start.text
    to = end.text
    switch cut {
    case .separate: (self.cut, flows, isSmallest) = ("separate", [], true)
    case .impossible: (self.cut, flows, isSmallest) = ("impossible", [], false)
    case .flows(let removal):
      self.cut = "flows"
      flows = removal.flows.map { Removed(flow: policy[$0].name, at: sources.shownLine(policy[$0].location)) }
      isSmallest = removal.isSmallest
    }
  }
}

struct RankFile: Encodable {
  struct Role: Encodable {
    let hosts: [String]
    /// With at most one connection, two, and so on.
    let reached: [Int]
    let nearestCrown: Int?
  }

  struct Flow: Encodable {
    let flow: String
    let at: String
    let fewerPairs: Int
    let fewerEndangering: Int
  }

  let hops: Int
  let roles: [Role]
  let flows: [Flow]

  init(
    _ roles: [EveryReach.Role], _ effects: [FlowEffect], _ hops: Int, _ policy: Policy,
    _ sources: Sources
  ) {
    self.hops = hops
    self.roles = roles.map { role in
      Role(
        hosts: role.hosts.map { policy[$0].name }, reached: role.reached, nearestCrown: role.nearestCrown)
    }
    flows = effects.map { effect in
      Flow(
        flow: policy[effect.flow].name, at: sources.shownLine(policy[effect.flow].location),
        fewerPairs: effect.pairs,
        fewerEndangering: effect.endangering)
    }
  }
}

extension ReachReport {
  func file(
    _ reach: Reach, _ crowns: [(host: HostID, hops: Int)], _ start: Whereabouts, _ hops: Int, _ others: Int,
    _ parts: [ReachReport.Part]
  ) -> ReachFile {
    let policy = graph.policy
    let paths = PathJSON(policy: policy, sources: sources)
    let reached = reach.hosts.prefix(hops).enumerated().flatMap { index, hosts in
      hosts.map { host in
        ReachFile.Reached(
          host: policy[host].name, hops: index + 1, crown: policy.isCrown(host),
          path: paths.hops(reach.path(to: host) ?? []))
      }
    }
    var seen: Set<String> = []
    let networks = reach.outside.compactMap { position, distance in
      distance <= hops && seen.insert(policy.text(position)).inserted
        ? ReachFile.Distance(name: policy.text(position), hops: distance) : nil
    }
    return ReachFile(
      from: start.text, hops: hops, hosts: policy.hosts.count, reached: reached,
      share: others > 0 ? Double(reached.count) / Double(others) : 0,
      crowns: crowns.map { ReachFile.Distance(name: policy[$0.host].name, hops: $0.hops) },
      networks: networks, parts: parts.isEmpty ? nil : parts)
  }
}
