internal import Diagnostics
internal import Policy
internal import Reachability

/// What an intruder can do, as an answer.
struct ReachReport {
  let graph: ReachGraph
  let sources: Sources
  /// Whether long lists are told to their end.
  let tellsAll: Bool

  var policy: Policy { graph.policy }
  private var hops: PathJSON { PathJSON(policy: policy, sources: sources) }

  // MARK: Reach

  func reach(_ start: Whereabouts, hops: Int) -> Answer {
    let area = start.area(graph)
    let held = graph.hosts(of: area)
    // On one position of many he is on none of the others; by name he has them all.
    let isOne = held.count == 1 && !area.intersects(graph.everythingOutside)
    let own = isOne ? [] : held.filter { !start.hosts.contains($0) }
    let reach = graph.reach(from: area).adding(graph.paths(within: area, to: own))
    let levels = reach.hosts.prefix(hops)
    let count = levels.reduce(0) { $0 + $1.count }
    let others = policy.hosts.count - held.count + own.count
    let heldCrowns = start.hosts.filter(policy.isCrown)
    let within = graph.paths(within: area, to: heldCrowns).map { (host: $0.key, hops: $0.value.count) }
    let crowns = (reach.crowns + within).sorted { ($0.hops, $0.host) < ($1.hops, $1.host) }
    let share = others > 0 ? " (\(percent(count, others)))" : ""
    var chapters = [
      Chapter.sentence(
        "An intruder on \(start.text, .strong) gets to \(count) of \(others) \(held.count == own.count ? "" : "other ")hosts\(share) in \(counted(hops, "hop"))."
      )
    ]
    chapters += addressed(start, held)
    let parts = parts(start, area, hops)
    chapters += parts.map { .sentence("\($0.words) gets to \($0.hosts) of them.") }
    if let crowns = words(crowns, within: hops, hasOne: held.contains(where: policy.isCrown)) {
      chapters.append(.sentence(crowns))
    }
    for (index, hosts) in levels.enumerated() where !hosts.isEmpty {
      chapters.append(
        Chapter(
          .facts, "\(counted(index + 1, "hop")), \(counted(hosts.count, "host"))",
          grouped(hosts, reach).map { names, path in
            Entry(nil, Words(names), below: [Entry(nil, Words(path, .faint))])
          }))
    }
    var seen: Set<String> = []
    for (position, distance) in reach.outside
    where distance <= hops && seen.insert(policy.text(position)).inserted {
      chapters.append(.sentence("\(policy.text(position)) in \(counted(distance, "hop"))"))
    }
    return Answer(
      parts: chapters.map { .chapter($0) }, data: .document(file(reach, crowns, start, hops, others, parts)))
  }

  /// - Parameter hasOne: whether one of them is where he may be.
  private func words(_ crowns: [(host: HostID, hops: Int)], within hops: Int, hasOne: Bool) -> Words? {
    let all = policy.hosts.indices.count { policy.isCrown(HostID($0)) }
    if all == 0 { return nil }
    if crowns.isEmpty {
      return "No \(hasOne ? "other " : "")crown jewel is within his reach, however far he goes."
    }
    let near = crowns.count { $0.hops <= hops }
    let list = crowns.map { "\(policy[$0.host].name) in \(counted($0.hops, "hop"))" }
    let text = "Crown jewels: \(listed(list, limit: 8, and: ", and "))."
    return Words(text, near > 0 ? .closes : .plain)
  }

  /// Hosts that the same flows lead to, in one line.
  private func grouped(_ hosts: [HostID], _ reach: Reach) -> [(names: String, path: String)] {
    var order: [[String]] = []
    var groups: [[String]: (hosts: [HostID], path: String)] = [:]
    for host in hosts {
      guard let steps = reach.path(to: host) else { continue }
      let key = steps.map { policy.text($0.from) } + steps.flatMap { $0.flows.map { policy[$0].name } }
      if groups[key] == nil { order.append(key) }
      groups[key, default: ([], policy.way(steps))].hosts.append(host)
    }
    return order.compactMap { groups[$0] }.map { group in
      let names = group.hosts.map { policy[$0].name }
      return (listed(names, limit: tellsAll ? names.count : 12, and: ", and "), group.path)
    }
  }

  // MARK: Paths

  /// - Parameter hops: at most that many connections; `nil`: however many.
  func paths(_ start: Whereabouts, _ end: Whereabouts, within hops: Int?) -> Answer {
    let found = ways(start, end).filter { $0.count <= hops ?? .max }
    let chapters = found.compactMap { steps -> Chapter? in
      guard let first = steps.first, let last = steps.last else { return nil }
      let (from, to) = (policy.text(first.from), policy.text(last.to))
      return Chapter(
        .facts, Words("\(from) gets to \(to) in \(counted(steps.count, "hop"))", .strong),
        steps.enumerated().map { entry($1, $0 + 1) })
    }
    let nothing = Chapter.sentence(
      "Nothing leads from \(start.text) to \(end.text)\(hops.map { " in \(counted($0, "hop"))" } ?? "").")
    let remarks = unlike(start, asStart: true) + unlike(end, asStart: false)
    return Answer(
      parts: ((chapters.isEmpty ? [nothing] : chapters) + remarks).map { .chapter($0) },
      data: .document(PathsFile(from: start.text, to: end.text, paths: found.map(self.hops.hops))))
  }

  /// A shortest path to each, and past flows of those found, others.
  private func ways(_ start: Whereabouts, _ end: Whereabouts) -> [[PathStep]] {
    let area = start.area(graph)
    let reach = graph.reach(from: area)
    var found = end.hosts.sorted {
      (reach.distance(to: $0) ?? .max, $0) < (reach.distance(to: $1) ?? .max, $1)
    }
    .compactMap { reach.path(to: $0) }.filter { !$0.isEmpty }
    let inCommon = start.area(graph).intersects(end.area(graph))
    if !end.networks.isEmpty || !end.virtuals.isEmpty || inCommon,
      let path = graph.path(from: area, to: end.area(graph)),
      !found.contains(path)
    {
      found.append(path)
    }
    return found
  }

  private func entry(_ step: PathStep, _ number: Int) -> Entry {
    let flows = step.flows.map { id -> Entry in
      let flow = policy[id]
      let services = flow.services.map { policy[$0].name }.joined(separator: ", ")
      return "flow \(flow.name) (\(sources.shownLine(flow.location)): \(flow.why)): \(services)"
    }
    let unguarded = step.unguarded.map { host -> Entry in
      let isRoot = graph.barriers == .enforcedByOthers && step.from == .host(host)
      let name = policy[host].name
      return isRoot
        ? "root on \(name) takes its ruleset away" : "\(name) only observes: what it denies passes"
    }
    return Entry(
      .number(number), "\(policy.text(step.from)) → \(policy.text(step.to))", below: flows + unguarded)
  }

  // MARK: Approach

  func approach(_ end: Whereabouts, hops: Int) -> Answer {
    let approach = graph.approach(to: end.area(graph), hops: hops)
    let count = approach.origins.joined().reduce(0) { $0 + $1.hosts.count }
    let held = graph.hosts(of: end.area(graph))
    let others = policy.hosts.count - held.count
    var chapters = [
      Chapter.sentence(
        "\(end.text, .strong) is within reach of \(count) of \(others) \(held.isEmpty ? "" : "other ")hosts in \(counted(hops, "hop"))."
      )
    ]
    chapters += addressed(end, held) + unlike(end, asStart: false)
    for (index, origins) in approach.origins.enumerated() where !origins.isEmpty {
      let number = origins.reduce(0) { $0 + $1.hosts.count }
      chapters.append(
        Chapter(
          .facts, "\(counted(index + 1, "hop")), \(counted(number, "host"))",
          origins.map { origin in
            let names = origin.hosts.map { policy[$0].name }
            return Entry(
              nil, Words(listed(names, limit: tellsAll ? names.count : 12, and: ", and ")),
              below: [Entry(nil, Words(policy.way(origin.path), .faint))])
          }))
    }
    var seen: Set<String> = []
    for path in approach.outside {
      guard let first = path.first, seen.insert(policy.text(first.from)).inserted else { continue }
      chapters.append(
        .sentence("\(policy.text(first.from)) in \(counted(path.count, "hop")): \(policy.way(path))"))
    }
    return Answer(
      parts: chapters.map { .chapter($0) },
      data: .document(
        ApproachFile(
          to: end.text, hops: hops,
          origins: approach.origins.joined().map {
            ApproachFile.Origin(hosts: $0.hosts.map { policy[$0].name }, path: self.hops.hops($0.path))
          },
          outside: approach.outside.map(self.hops.hops))))
  }

  // MARK: Cut

  func cut(_ start: Whereabouts, _ end: Whereabouts) -> Answer {
    let cut = graph.cut(from: start.area(graph), to: end.area(graph))
    let chapter: Chapter
    switch cut {
    case .separate: chapter = .sentence("Nothing leads from \(start.text) to \(end.text).")
    case .impossible:
      chapter = .sentence(
        "A way from \(start.text) to \(end.text) needs no flow: hosts on it do not enforce, or the intruder is root."
      )
    case .flows(let removal):
      let count = counted(removal.flows.count, "flow")
      chapter = Chapter(
        .facts,
        removal.isSmallest
          ? "\(count) removed separate \(end.text) from \(start.text); no fewer do:"
          : "\(count) removed separate \(end.text) from \(start.text); each is needed, another set may be smaller:",
        removal.flows.map { id in
          let flow = policy[id]
          return "\(flow.name) (\(sources.shownLine(flow.location)): \(flow.why))"
        })
    }
    let remarks = unlike(start, asStart: true) + unlike(end, asStart: false)
    return Answer(
      parts: ([chapter] + remarks).map { .chapter($0) },
      data: .document(CutFile(cut, start, end, policy, sources)))
  }

  // MARK: Rank

  private static let shown = 10

  func rank(hops: Int) -> Answer {
    let every = graph.everyReach(hops: hops)
    let roles = every.roles.sorted {
      ($1.reached[hops - 1], $0.hosts[0]) < ($0.reached[hops - 1], $1.hosts[0])
    }
    let effects = graph.helpfulRemovals(hops: hops)
    let limit = tellsAll ? Int.max : Self.shown
    let others = max(policy.hosts.count - 1, 1)
    let furthest = roles.prefix(limit).map { role -> Entry in
      let reached = role.reached[hops - 1]
      let jewel = role.nearestCrown.map { ", a crown jewel in \(counted($0, "hop"))" } ?? ""
      let alike = role.hosts.count > 1 ? " and \(role.hosts.count - 1) alike" : ""
      return
        "\(policy[role.hosts[0]].name)\(alike): \(counted(reached, "host")) (\(percent(reached, others)))\(jewel)"
    }
    let total = max(every.pairs[hops - 1], 1)
    let removals = effects.prefix(limit).map { effect -> Entry in
      let flow = policy[effect.flow]
      let freed = counted(effect.endangering, "host gets", "hosts get")
      let jewels = effect.endangering > 0 ? ", and \(freed) to no crown jewel any more" : ""
      return
        "\(flow.name) (\(sources.shownLine(flow.location))): \(percent(effect.pairs, total)) of all ways\(jewels)"
    }
    return Answer(
      parts: [
        .chapter(
          Chapter(.facts, "An intruder gets furthest, in \(counted(hops, "hop")), from", furthest)),
        .chapter(Chapter(.facts, "The removal of one flow takes most from him at", removals)),
      ], data: .document(RankFile(roles, effects, hops, policy, sources)))
  }

  // MARK: Words

  /// Rounded, and never to nothing or to all.
  private func percent(_ part: Int, _ whole: Int) -> String {
    if part == 0 { return "0 %" }
    let value = (part * 200 + whole) / (2 * whole)
    if value == 0 { return "under 1 %" }
    return value >= 100 && part < whole ? "over 99 %" : "\(value) %"
  }
}
