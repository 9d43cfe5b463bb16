internal import Diagnostics
internal import Policy
internal import Reachability

/// What an intruder can do, as text and JSON.
struct ReachText {
  let graph: ReachGraph
  let sources: Sources
  let console: Console

  private var policy: Policy { graph.policy }
  private var paths: PathJSON { PathJSON(policy: policy, sources: sources) }

  // MARK: Reach

  func reach(_ start: Whereabouts, hops: Int, json: Bool) throws {
    let reach = graph.reach(from: start.area(graph))
    if json { return try console.write(try JSONOutput.encode(file(reach, start, hops))) }
    let levels = reach.hosts.prefix(hops)
    let count = levels.reduce(0) { $0 + $1.count }
    let others = policy.hosts.count - start.hosts.count
    try console.line(
      "An intruder on \(console.styled(start.text, .bold)) gets to \(count) of \(others) \(start.hosts.isEmpty ? "" : "other ")hosts"
        + (others > 0 ? " (\(percent(count, others)))" : "") + " in \(counted(hops, "hop")).")
    try showCrowns(reach, within: hops)
    for (index, hosts) in levels.enumerated() where !hosts.isEmpty {
      try console.line("\(counted(index + 1, "hop")), \(counted(hosts.count, "host"))")
      for (names, path) in grouped(hosts, reach) {
        try console.line("  \(names)")
        try console.line("      \(console.styled(path, .faint))")
      }
    }
    let outside = reach.outside.filter { $0.hops <= hops }
    var seen: Set<String> = []
    for (position, hops) in outside where seen.insert(policy.text(position)).inserted {
      try console.line("\(policy.text(position)) in \(counted(hops, "hop"))")
    }
  }

  private func showCrowns(_ reach: Reach, within hops: Int) throws {
    let crowns = reach.crowns
    let all = policy.hosts.indices.count { policy.isCrown(HostID($0)) }
    if all == 0 { return }
    if crowns.isEmpty { return try console.line("No crown jewel is within his reach, however far he goes.") }
    let near = crowns.count { $0.hops <= hops }
    let list = crowns.prefix(8).map { "\(policy[$0.host].name) in \(counted($0.hops, "hop"))" }
    let rest = crowns.count > 8 ? ", and \(crowns.count - 8) more" : ""
    let text = "Crown jewels: \(list.joined(separator: ", "))\(rest)."
    try console.line(near > 0 ? console.styled(text, .closes) : text)
  }

  /// Hosts that the same flows lead to, in one line.
  private func grouped(_ hosts: [HostID], _ reach: Reach) -> [(names: String, path: String)] {
    var order: [[String]] = []
    var groups: [[String]: (hosts: [HostID], path: String)] = [:]
    for host in hosts {
      guard let steps = reach.path(to: host) else { continue }
      let key = steps.map { policy.text($0.from) } + steps.flatMap { $0.flows.map { policy[$0].name } }
      if groups[key] == nil { order.append(key) }
      groups[key, default: ([], line(steps))].hosts.append(host)
    }
    return order.compactMap { groups[$0] }.map { group in
      let names = group.hosts.map { policy[$0].name }
      let limit = console.verbose ? names.count : 12
      let rest = names.count > limit ? ", and \(names.count - limit) more" : ""
      return (names.prefix(limit).joined(separator: ", ") + rest, group.path)
    }
  }

  /// `web-1 → api-1 (web-to-api) → db-1 (api-to-db)`.
  private func line(_ steps: [Step]) -> String {
    (steps.first.map { policy.text($0.from) } ?? "")
      + steps.map { " → \(policy.text($0.to)) (\(by($0)))" }.joined()
  }

  private func by(_ step: Step) -> String {
    let flows = step.flows.map { policy[$0].name }.joined(separator: " with ")
    return flows.isEmpty ? "nothing denies it" : flows
  }

  // MARK: Paths

  func paths(_ start: Whereabouts, _ end: Whereabouts, json: Bool) throws {
    let found = ways(start, end)
    if json {
      return try console.write(
        try JSONOutput.encode(PathsFile(from: start.text, to: end.text, paths: found.map(paths.hops))))
    }
    if found.isEmpty { return try console.line("Nothing leads from \(start.text) to \(end.text).") }
    for steps in found {
      guard let first = steps.first, let last = steps.last else { continue }
      try console.line(
        console.styled(
          "\(policy.text(first.from)) gets to \(policy.text(last.to)) in \(counted(steps.count, "hop"))",
          .bold))
      for (number, step) in steps.enumerated() { try show(step, number + 1) }
    }
  }

  /// A shortest path to each, and past flows of those found, others.
  private func ways(_ start: Whereabouts, _ end: Whereabouts) -> [[Step]] {
    let area = start.area(graph)
    let reach = graph.reach(from: area)
    var found = end.hosts.sorted {
      (reach.distance(to: $0) ?? .max, $0) < (reach.distance(to: $1) ?? .max, $1)
    }
    .compactMap { reach.path(to: $0) }.filter { !$0.isEmpty }
    let inCommon = start.area(graph).intersects(end.area(graph))
    if !end.networks.isEmpty || inCommon, let path = graph.path(from: area, to: end.area(graph)),
      !found.contains(path)
    {
      found.append(path)
    }
    return found
  }

  private func show(_ step: Step, _ number: Int) throws {
    try console.line("  \(number). \(policy.text(step.from)) → \(policy.text(step.to))")
    for id in step.flows {
      let flow = policy[id]
      let services = flow.services.map { policy[$0].name }.joined(separator: ", ")
      try console.line(
        "       flow \(flow.name) (\(place(flow.location)): \(flow.why)): \(services)")
    }
    for host in step.unguarded {
      let isRoot = graph.barriers == .enforcedByOthers && step.from == .host(host)
      let name = policy[host].name
      try console.line(
        "       \(isRoot ? "root on \(name) takes its ruleset away" : "\(name) only observes: what it denies passes")"
      )
    }
  }

  // MARK: Cut

  func cut(_ start: Whereabouts, _ end: Whereabouts, json: Bool) throws {
    let cut = graph.cut(from: start.area(graph), to: end.area(graph))
    if json { return try console.write(try JSONOutput.encode(CutFile(cut, start, end, policy, place))) }
    switch cut {
    case .separate: try console.line("Nothing leads from \(start.text) to \(end.text).")
    case .impossible:
      try console.line(
        "A way from \(start.text) to \(end.text) needs no flow: hosts on it only observe, or the intruder is root."
      )
    case .flows(let removal):
      let count = counted(removal.flows.count, "flow")
      try console.line(
        removal.isSmallest
          ? "\(count) removed separate \(end.text) from \(start.text); no fewer do:"
          : "\(count) removed separate \(end.text) from \(start.text); each is needed, another set may be smaller:"
      )
      for id in removal.flows {
        let flow = policy[id]
        try console.line("  \(flow.name) (\(place(flow.location)): \(flow.why))")
      }
    }
  }

  // MARK: Rank

  private static let shown = 10

  func rank(hops: Int, json: Bool) throws {
    let every = graph.everyReach(hops: hops)
    let roles = every.roles.sorted {
      ($1.reached[hops - 1], $0.hosts[0]) < ($0.reached[hops - 1], $1.hosts[0])
    }
    let effects = graph.helpfulRemovals(hops: hops)
    if json {
      return try console.write(try JSONOutput.encode(RankFile(roles, effects, hops, policy, place)))
    }
    let others = max(policy.hosts.count - 1, 1)
    try console.line("An intruder gets furthest, in \(counted(hops, "hop")), from")
    for role in roles.prefix(console.verbose ? .max : Self.shown) {
      let reached = role.reached[hops - 1]
      let jewel = role.nearestCrown.map { ", a crown jewel in \(counted($0, "hop"))" } ?? ""
      let alike = role.hosts.count > 1 ? " and \(role.hosts.count - 1) alike" : ""
      try console.line(
        "  \(policy[role.hosts[0]].name)\(alike): \(counted(reached, "host")) (\(percent(reached, others)))\(jewel)"
      )
    }
    let total = every.pairs[hops - 1]
    try console.line("The removal of one flow takes most from him at")
    for effect in effects.prefix(console.verbose ? .max : Self.shown) {
      let flow = policy[effect.flow]
      let freed = counted(effect.endangering, "host gets", "hosts get")
      let jewels = effect.endangering > 0 ? ", and \(freed) to no crown jewel any more" : ""
      try console.line(
        "  \(flow.name) (\(place(flow.location))): \(percent(effect.pairs, max(total, 1))) of all ways\(jewels)"
      )
    }
  }

  // MARK: Words

  private func place(_ location: SourceLocation) -> String {
    "\(sources.shownPath(location.file)):\(location.line)"
  }

  /// Rounded, and never to nothing or to all.
  private func percent(_ part: Int, _ whole: Int) -> String {
    if part == 0 { return "0 %" }
    let value = (part * 200 + whole) / (2 * whole)
    if value == 0 { return "under 1 %" }
    return value >= 100 && part < whole ? "over 99 %" : "\(value) %"
  }
}
