internal import Addressing
internal import ConnectionDiff
internal import Diagnostics
internal import Lint
internal import Operations
internal import Policy

// What a change means, as chapters.

extension ChangeMeaning {
  /// What is told, in this order.
  var parts: [Answer.Part] {
    let chapters =
      LineScope.allCases.map { scope in
        connections(
          scope.title, opened: diff.opened.filter { $0.scope == scope },
          closed: diff.closed.filter { $0.scope == scope })
      } + [
        connections(
          "May open or close, depending on more than the connection", opened: diff.mayOpen,
          closed: diff.mayClose),
        connections(
          "At one end alone, so that nothing passes: the other end, or a gateway, does not allow it",
          opened: diff.halfOpened, closed: diff.halfClosed, marks: (.halfOpens, .halfCloses)),
        connections(
          "Through gateways, where it passes them", opened: diff.forwardOpened,
          closed: diff.forwardClosed),
        connections(
          "No flow allows it any more, and it passes on: nobody who would deny it enforces", opened: [],
          closed: diff.stillPassing, marks: (.halfOpens, .halfCloses)),
        Chapter(
          .connections, Words("Denied from now on, and only recorded before", .strong),
          unallowed(from: .observe, to: .enforce, .closes)),
        Chapter(
          .connections, Words("Denied from now on, and left alone before", .strong),
          unallowed(from: .leave, to: .enforce, .closes)),
        Chapter(
          .connections, Words("Passes from now on, and is only recorded", .strong),
          unallowed(from: .enforce, to: .observe, .opens)),
        Chapter(
          .connections, Words("Passes from now on, and is left alone", .strong),
          unallowed(from: .enforce, to: .leave, .opens)),
        connections("Later, when flows have ended", opened: diff.laterOpened, closed: diff.laterClosed),
        Chapter(.facts, Words("Other addresses", .strong), diff.readdressed.map(entry)),
        Chapter(
          .facts, Words("Modes and ends", .strong),
          (modes + forwarding + containers + ends).map { Entry(.changes, Words($0)) }),
        Chapter(.facts, Words("Risks", .strong), diff.risks.map { $0.entry(new) }),
        Chapter(
          .facts, Words("An intruder's reach, in 1, 2 and \(ReachChange.hops) connections", .strong),
          (reach?.lines ?? []).map { Entry(.changes, Words($0)) }),
        Chapter(
          .advice, Words("Findings that the change brings", .strong),
          (findings ?? []).map {
            Entry(.risk, Words($0.message), note: place($0.location, new))
          }),
      ]
    return chapters.filter { !$0.entries.isEmpty }.map { .chapter($0) } + [.summary(summary)]
  }

  private func connections(
    _ title: String, opened: [ConnectionLine], closed: [ConnectionLine],
    marks: (opens: Mark, closes: Mark) = (.opens, .closes)
  ) -> Chapter {
    // What closes stands behind what opens in its place.
    var left = closed
    var entries: [Entry] = []
    for line in opened {
      entries.append(line.entry(marks.opens, new))
      let paired = left.filter { $0.isCounterpart(of: line) }
      entries += paired.map { closes($0, marks.closes) }
      if !paired.isEmpty { left.removeAll { $0.isCounterpart(of: line) } }
    }
    return Chapter(
      .connections, Words(title, .strong), entries + left.map { closes($0, marks.closes) })
  }

  /// With what hosts have counted of its flow, of which other connections may go on.
  private func closes(_ line: ConnectionLine, _ mark: Mark) -> Entry {
    let words = line.flow.flatMap { closing[$0] }?.words
    return line.entry(mark, old, more: words.map { [Entry(nil, Words($0))] } ?? [])
  }

  /// `db-1: 10.2.0.9, no more 10.2.0.1`.
  private func entry(_ change: ConnectionDiff.Readdressing) -> Entry {
    let words = [
      change.come.map(\.description).joined(separator: ", "),
      change.gone.isEmpty ? "" : "no more \(change.gone.map(\.description).joined(separator: ", "))",
    ]
    return Entry(.changes, "\(change.host): \(words.filter { !$0.isEmpty }.joined(separator: ", "))")
  }

  /// What no flow allows, of the hosts whose mode changes: exactly, it is as many lines as there are hosts and protocols.
  private func unallowed(from old: Mode, to mode: Mode, _ mark: Mark) -> [Entry] {
    if (mode == .enforce ? diff.enforced : diff.released).isEmpty { return [] }
    return Direction.allCases.compactMap { direction in
      let changes = diff.modes.filter { $0.old == old && $0.mode == mode && $0.direction == direction }
      if changes.isEmpty { return nil }
      let names = listed(
        changes.sorted { $0.host < $1.host }.map {
          $0.reachesContainers ? "\($0.host) and its containers" : $0.host
        })
      let ends =
        switch direction {
        case .ingress: (from: "anyone", to: names)
        case .egress: (from: names, to: "anyone")
        case .forward: (from: "anyone", to: "anyone, through \(names)")
        }
      var entry = Entry(mark, ends: ends, "everything that no flow allows")
      entry.outside = (direction == .ingress, direction == .egress)
      return entry
    }
  }

  private var ends: [String] {
    diff.ends.map { "\($0.flow) ends \(words($0.new)), not \(words($0.old))" }
  }

  /// `api-1, api-2: ingress and egress enforced`: hosts that change alike are told once.
  private var modes: [String] {
    var changes: [String: [ConnectionDiff.ModeChange]] = [:]
    for change in diff.modes { changes[change.host, default: []].append(change) }
    var hosts: [String: [String]] = [:]
    for (host, changes) in changes {
      let texts = Mode.allCases.compactMap { mode -> String? in
        let directions = changes.filter { $0.mode == mode }.map(\.direction).sorted().map(\.rawValue)
        return directions.isEmpty ? nil : "\(directions.joined(separator: " and ")) \(words(mode))"
      }
      hosts[texts.joined(separator: ", "), default: []].append(host)
    }
    return hosts.map { text, hosts in
      "\(listed(hosts.sorted())): \(text)"
    }
    .sorted()
  }

  private var forwarding: [String] {
    let judging = Set(diff.containers.filter { $0.new != nil }.map(\.host))
    return diff.forwarding.map { change in
      if !change.passesAll { return "\(change.host): what passes through is filtered" }
      return judging.contains(change.host)
        ? "\(change.host): everything passes through from now on that is neither for its containers nor from them"
        : "\(change.host): everything passes through from now on: its forwarding is left alone"
    }
  }

  private var containers: [String] {
    diff.containers.flatMap { change in change.sentences.map { "\(change.host): \($0)" } }
  }

  private func words(_ mode: Mode) -> String {
    switch mode {
    case .enforce: "enforced"
    case .observe: "only observed"
    case .leave: "left alone"
    }
  }

  private func words(_ end: Timestamp?) -> String { end.map { "at \($0)" } ?? "never" }

  private func place(_ location: SourceLocation, _ sources: Sources) -> String {
    sources.shownLine(location)
  }

  /// The hosts that go over from a mode to another; `nil`: none does.
  private func hosts(from old: Mode, to mode: Mode) -> String? {
    let hosts = Set(diff.modes.filter { $0.old == old && $0.mode == mode }.map(\.host)).sorted()
    return hosts.isEmpty ? nil : listed(hosts)
  }

  /// `2 lines open (api, ssh)`.
  private func lines(_ lines: [ConnectionLine], _ one: String, _ many: String) -> String {
    if lines.isEmpty { return "nothing \(one)" }
    let services = Set(lines.compactMap(\.serviceName)).sorted()
    let names = services.isEmpty ? "" : " (\(listed(services)))"
    return (lines.count == 1 ? "1 line \(one)" : "\(lines.count) lines \(many)") + names
  }

  /// One sentence; how many connections that are says the JSON.
  var summary: String {
    let fresh =
      unfiltered == 0
      ? ""
      : "; what closes on \(unfiltered == 1 ? "the host" : "the \(unfiltered) hosts") without a table is not counted"
    if diff.isEmpty {
      return unfiltered == 0
        ? ((reach?.lines ?? []).isEmpty ? "no change in meaning: " : "") + "no connection opens or closes"
        : "elsewhere no connection opens or closes" + fresh
    }
    let further = reach.map { $0.lines.isEmpty ? "; an intruder gets as far as before" : "" } ?? ""
    var clauses: [String] = []
    for (old, words) in [(Mode.observe, "only recorded"), (.leave, "left alone")] where !diff.enforced.isEmpty
    {
      if let hosts = hosts(from: old, to: .enforce) {
        clauses.append("on \(hosts) everything closes that no flow allows and that was \(words)")
      }
    }
    for (mode, words) in [(Mode.observe, "only recorded"), (.leave, "left alone")]
    where !diff.released.isEmpty {
      if let hosts = hosts(from: .enforce, to: mode) {
        clauses.append("on \(hosts) everything opens that no flow allows: it is \(words)")
      }
    }
    if !diff.containers.isEmpty {
      clauses.append(
        "on \(listed(diff.containers.map(\.host))) other connections pass to containers or from them")
    }
    if diff.opened.isEmpty, diff.closed.isEmpty {
      clauses.append("\(clauses.isEmpty ? "" : "beside that ")nothing opens and nothing closes")
    } else {
      clauses.append("\(lines(diff.opened, "opens", "open")) and \(lines(diff.closed, "closes", "close"))")
    }
    let uncertain = diff.mayOpen.count + diff.mayClose.count
    if uncertain > 0 {
      clauses.append(uncertain == 1 ? "a line more may" : "\(uncertain) lines more may")
    }
    if !diff.forwardOpened.isEmpty || !diff.forwardClosed.isEmpty {
      clauses.append(
        "through gateways \(lines(diff.forwardOpened, "opens", "open")) and "
          + lines(diff.forwardClosed, "closes", "close"))
    }
    var text = clauses.joined(separator: "; ")
    text += fresh + further
    if takenForGranted > 0 {
      text +=
        "; \(counted(takenForGranted, "host was", "hosts were")) not asked: what they allow is taken for granted"
    }
    return text
  }
}

extension ConnectionLine {
  /// Whether one stands in the place of the other: of one flow, or of one service between the same ends.
  fileprivate func isCounterpart(of other: Self) -> Bool {
    if flow != nil, flow == other.flow { return true }
    return from.hosts == other.from.hosts && to.hosts == other.to.hosts
      && from.outsideName == other.from.outsideName && to.outsideName == other.to.outsideName
      && (service != nil && service == other.service || terms == other.terms)
  }
}

extension ContainersChange {
  /// What changes, of a host that is named ahead of it.
  fileprivate var sentences: [String] {
    guard let old, let new else { return [sentenceOfOneSide] }
    var result: [String] = []
    if old.bridges != new.bridges {
      let (before, after) = (old.bridges.joined(separator: ", "), new.bridges.joined(separator: ", "))
      result.append("bridges of containers are \(after), not \(before)")
    }
    if old.judgesEgress != new.judgesEgress {
      result.append(
        "what its containers ask for outside is "
          + (new.judgesEgress ? "judged as what the host asks for" : "left alone"))
    }
    return result
  }

  private var sentenceOfOneSide: String {
    guard let new else {
      return isFilteredOtherwise == true
        ? "what is for containers, or from them, is filtered as all else that passes through"
        : "what it publishes for containers is open to everybody: its forwarding is left alone"
    }
    return "what it publishes for containers is judged by the flows to it, and what they ask for outside "
      + (new.judgesEgress ? "as what the host asks for" : "is left alone")
  }
}

extension LineScope {
  fileprivate var title: String {
    switch self {
    case .hosts: "Between known hosts"
    case .membership: "With added or removed hosts"
    case .outside: "With outside networks"
    }
  }
}

extension ClosingFlow {
  /// `flow last used 2 min ago, 3 sessions live on db-1`.
  fileprivate var words: String {
    let live = sessions.map { ", \(counted($0.count, "session")) live on \($0.host)" } ?? ""
    return "flow \(usage.lastWords)\(live)"
  }
}
