internal import ConnectionDiff
internal import Diagnostics
internal import Lint
internal import Policy

/// What a change means for connections, as text, Markdown and JSON.
struct MeaningReport {
  let console: Console
  let diff: ConnectionDiff
  /// The sources, for places that a user can open.
  let old: Sources
  let new: Sources
  /// How many hosts of the inventory nobody has asked.
  var takenForGranted = 0
  /// How many hosts have no table yet: what closes there is everything but what is told of them.
  var unfiltered = 0
  /// How far an intruder gets, before and after; `nil` where only one side is a policy.
  var reach: ReachChange?
  /// What lint finds that the change brings.
  var findings: LintReport?

  /// Whether there is nothing to tell. Where no ruleset is another there may still be: an address changes hands, a
  /// host becomes a crown jewel, a flow loses its owner.
  var isEmpty: Bool {
    diff.isEmpty && (reach?.lines ?? []).isEmpty && (findings?.findings ?? []).isEmpty
  }

  /// Lines of one scope, in the order in which they are told.
  struct Chapter {
    let title: String
    let opened: [ConnectionLine]
    let closed: [ConnectionLine]
  }

  var chapters: [Chapter] {
    let titles: [(LineScope, String)] = [
      (.hosts, "Between known hosts"), (.membership, "With added or removed hosts"),
      (.outside, "With outside networks"),
    ]
    return titles.map { scope, title in
      Chapter(
        title: title, opened: diff.opened.filter { $0.scope == scope },
        closed: diff.closed.filter { $0.scope == scope })
    }
    .filter { !$0.opened.isEmpty || !$0.closed.isEmpty }
  }

  func write() throws {
    for chapter in chapters {
      try console.line(console.styled(chapter.title, .bold))
      for line in chapter.opened { try write(line, "+", .opens, new) }
      for line in chapter.closed { try write(line, "-", .closes, old) }
    }
    if !diff.mayOpen.isEmpty || !diff.mayClose.isEmpty {
      try console.line(console.styled(Self.perhaps, .bold))
      for line in diff.mayOpen { try write(line, "+", .opens, new) }
      for line in diff.mayClose { try write(line, "-", .closes, old) }
    }
    if !diff.halfOpened.isEmpty || !diff.halfClosed.isEmpty {
      try console.line(console.styled(Self.half, .bold))
      for line in diff.halfOpened { try write(line, "+", .changes, new) }
      for line in diff.halfClosed { try write(line, "-", .changes, old) }
    }
    for (title, opened, closed) in [
      (Self.forwards, diff.forwardOpened, diff.forwardClosed),
      (Self.later, diff.laterOpened, diff.laterClosed),
    ] where !opened.isEmpty || !closed.isEmpty {
      try console.line(console.styled(title, .bold))
      for line in opened { try write(line, "+", .opens, new) }
      for line in closed { try write(line, "-", .closes, old) }
    }
    if !diff.modes.isEmpty || !diff.ends.isEmpty || !diff.forwarding.isEmpty {
      try console.line(console.styled("Modes and ends", .bold))
      for change in modes { try console.line("  \(console.styled("~", .changes)) \(change)") }
      for change in forwarding { try console.line("  \(console.styled("~", .changes)) \(change)") }
      for change in diff.ends {
        let mark = console.styled("~", .changes)
        try console.line("  \(mark) \(change.flow) ends \(words(change.new)), not \(words(change.old))")
      }
    }
    if !diff.risks.isEmpty {
      try console.line(console.styled("Risks", .bold))
      for risk in diff.risks {
        let subject = risk.flow.map { "\($0) " } ?? ""
        let note = risk.location.map { "  " + console.styled(place($0, new), .faint) } ?? ""
        try console.line("  \(console.styled("!", .changes)) \(subject)\(risk.message)\(note)")
      }
    }
    if let lines = reach?.lines, !lines.isEmpty {
      try console.line(
        console.styled("An intruder's reach, in 1, 2 and \(ReachChange.hops) connections", .bold))
      for line in lines { try console.line("  \(console.styled("~", .changes)) \(line)") }
    }
    if let findings, !findings.findings.isEmpty, !console.quiet {
      try console.line(console.styled("Findings that the change brings", .bold))
      for finding in findings.findings {
        let note = console.styled(place(finding.location, new), .faint)
        try console.line("  \(console.styled("!", .changes)) \(finding.message)  \(note)")
      }
    }
    console.message(summary)
  }

  private func write(_ line: ConnectionLine, _ mark: String, _ style: Style, _ sources: Sources) throws {
    var notes: [String] = []
    if let flow = line.flow { notes.append(flow) }
    if let location = line.location { notes.append(place(location, sources)) }
    let note = notes.isEmpty ? "" : "  " + console.styled(notes.joined(separator: ", "), .faint)
    try console.line("  \(console.styled(mark, style)) \(line.words)\(note)")
  }

  static let half = "At one end alone, so that nothing passes: the other end, or a gateway, does not allow it"

  static let forwards = "Through gateways, on ways that no declared route leads"
  static let later = "Later, when flows have ended"

  static let perhaps = "May open or close, depending on more than the connection"

  /// `api-1, api-2: ingress and egress enforced`: hosts that change alike are told once.
  var modes: [String] {
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
      let names = hosts.sorted()
      let shown = names.prefix(6).joined(separator: ", ")
      return (names.count > 6 ? "\(shown) and \(names.count - 6) more" : shown) + ": \(text)"
    }
    .sorted()
  }

  var forwarding: [String] {
    diff.forwarding.map { change in
      "\(change.host): \(change.isLeftAlone ? "everything passes through from now on: its forwarding is left alone" : "what passes through is filtered")"
    }
  }

  private func words(_ mode: Mode) -> String { mode == .enforce ? "enforced" : "only observed" }

  func words(_ end: Timestamp?) -> String { end.map { "at \($0)" } ?? "never" }

  func place(_ location: SourceLocation, _ sources: Sources) -> String {
    "\(sources.shownPath(location.file)):\(location.line)"
  }

  /// One sentence with the exact figures.
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
    let totals = diff.totals
    var text = "opens \(counted(totals.opened, "connection")) between hosts and closes \(totals.closed)"
    let uncertain = diff.mayOpen.count + diff.mayClose.count
    if uncertain > 0 { text += ", beside \(uncertain == 1 ? "a line" : "\(uncertain) lines") that may" }
    let outside = (
      diff.opened.count { $0.scope == .outside }, diff.closed.count { $0.scope == .outside }
    )
    if outside.0 + outside.1 > 0 {
      text +=
        "; with outside networks \(outside.0) \(outside.0 == 1 ? "line" : "lines") open and \(outside.1) close"
    }
    text += fresh + further
    if takenForGranted > 0 {
      text +=
        "; \(counted(takenForGranted, "host was", "hosts were")) not asked: what they allow is taken for granted"
    }
    return text
  }
}
