internal import AgentProtocol
internal import Policy

/// What hosts say of themselves, as chapters of a report.
package enum HostChapters {
  // MARK: State

  package static func state(_ hosts: [(host: String, figures: HostFigures)]) -> ReportChapter {
    let rows = hosts.map { host, figures -> ReportTable.Row in
      let status = figures.status
      let modes = (status.table?.directions ?? []).map { "\($0.hook.rawValue) \($0.mode.rawValue)s" }
      let (words, tone) = figures.state
      return .init(
        [
          host, words, modes.joined(separator: ", "),
          status.confirmed.map { "\($0.revision)" } ?? "none",
          moment(status.confirmed?.time),
          figures.differing.map {
            $0 == 0 ? "as the inventory" : $0 == 1 ? "1 object differs" : "\($0) objects differ"
          } ?? "not known",
          status.table?.trialLeft.map { "\($0 / 1000) s left" } ?? "none",
          "\(status.foreignChains.count)",
        ], tone)
    }
    return ReportChapter(
      "hosts", "Hosts: what is in force",
      lead: [
        "What the kernel of each host that was asked has, compared with what was confirmed and with the inventory. ✓: it enforces both directions, as it was confirmed and as the inventory says; ✗: it does not enforce what was confirmed; ▲: one of these is otherwise, or not known."
      ],
      tables: [
        ReportTable(
          "Hosts",
          [
            "host", "state", "modes", "confirmed revision", "given (UTC)", "against the inventory", "trial",
            "chains of others",
          ], rows)
      ])
  }

  /// What is not known of a host beside what it says is not.
  package static func gaps(_ host: String, _ figures: HostFigures) -> [(what: String, why: String)] {
    var gaps: [(what: String, why: String)] = []
    let status = figures.status
    if status.confirmed?.isDrifted == nil {
      let why =
        status.confirmed == nil
        ? "nothing was ever confirmed there"
        : status.stop != nil
          ? "it is stopped"
          : status.table?.trialLeft != nil
            ? "a change is on trial" : "what was confirmed could not be compared with the kernel"
      gaps.append(("drift of \(host)", "it is not known: \(why)"))
    }
    if figures.differing == nil {
      gaps.append(("what is pending on \(host)", "it could not be compared with the inventory"))
    }
    return gaps
  }

  // MARK: Exceptions

  /// - Parameter called: what some hosts are called together.
  package static func exceptions(
    _ hosts: [(host: String, figures: HostFigures)], called: (Set<String>) -> String
  ) -> ReportChapter {
    var found: [Exception: (hosts: Set<String>, since: Int64?, until: Int64?)] = [:]
    for (host, figures) in hosts {
      for (exception, since, until) in exceptions(figures.status) {
        let known = found[exception]
        found[exception] = (
          (known?.hosts ?? []).union([host]), [known?.since, since].compactMap { $0 }.min(),
          [known?.until, until].compactMap { $0 }.max()
        )
      }
    }
    let rows = found.map { exception, found -> ReportTable.Row in
      let names = called(found.hosts)
      let all = names.isEmpty ? found.hosts.sorted().joined(separator: ", ") : names
      return .init(
        [
          found.hosts.count > 1 ? "\(all) (\(found.hosts.count))" : all, exception.what, exception.whom,
          moment(found.since), exception.endless ?? moment(found.until), exception.by, exception.why,
        ], exception.isBad ? .bad : .notice)
    }
    return ReportChapter(
      "exceptions", "Quarantine, openings and stops",
      lead: [
        "What hosts do beside the inventory, because somebody told them to or a tripwire was tripped. What several do alike is one line, with when the first of them began and the last will end."
      ],
      tables: [
        ReportTable(
          "Exceptions", ["hosts", "what", "whom", "since (UTC)", "until (UTC)", "by", "why"],
          rows.sorted { $0.cells.lexicographicallyPrecedes($1.cells) })
      ])
  }

  private struct Exception: Hashable {
    let what: String
    let whom: String
    /// What ends it where no time does.
    var endless: String?
    let by: String
    let why: String
    var isBad = false
  }

  private typealias Lasting = (Exception, since: Int64?, until: Int64?)

  private static func exceptions(_ status: HostStatus) -> [Lasting] {
    var found = (status.quarantine ?? []).map { one -> Lasting in
      let exception = Exception(
        what: one.isInForce ? "refuses" : "should refuse, and does not",
        whom: one.host.isEmpty ? "\(one.address)" : "\(one.host) (\(one.address))",
        endless: one.until == nil ? "until released" : nil, by: one.by, why: one.why, isBad: !one.isInForce)
      return (exception, one.since, one.until)
    }
    found += (status.opened ?? []).map { one in
      let exception = Exception(
        what: "has open", whom: "\(one.flow.from) → \(one.flow.to), \(one.flow.service)", by: one.by,
        why: [one.why, one.ticket].compactMap { $0 }.joined(separator: ", "))
      return (exception, one.since, one.until)
    }
    found += (status.tripped ?? []).map { one in
      let exception = Exception(
        what: one.isCut ? "refuses" : "would refuse", whom: "\(one.address)",
        by: "tripwire \(one.tripwires.joined(separator: ", "))", why: "")
      return (exception, one.since, one.until)
    }
    if let stop = status.stop {
      let exception = Exception(
        what: "is stopped", whom: "", endless: stop.until == nil ? "until started" : nil, by: stop.by,
        why: stop.why ?? "", isBad: true)
      found.append((exception, nil, stop.until))
    }
    return found
  }

  static func moment(_ seconds: Int64?) -> String { seconds.map { "\(Timestamp(seconds: $0))" } ?? "" }
}

extension HostFigures {
  /// Whether the host says that it denies in every direction what nothing allows.
  private var isEnforcing: Bool {
    let modes = status.table?.directions ?? []
    let hooks = modes.filter { $0.mode == .enforce }.map(\.hook)
    return hooks.contains(.input) && hooks.contains(.output) && hooks.count == modes.count
  }

  /// Whether the host says that it enforces just what the inventory says, and what was confirmed.
  package var isAsMeant: Bool { state.tone == .good }

  /// What is in force, in words, and whether somebody should look at it.
  fileprivate var state: (words: String, tone: ReportTable.Tone) {
    guard let table = status.table else { return ("nothing is enforced", .bad) }
    if table.isDormant { return ("switched off", .bad) }
    if table.isFallback == true { return ("the fallback stands", .bad) }
    guard let confirmed = status.confirmed else { return ("nothing was confirmed", .notice) }
    guard let isDrifted = confirmed.isDrifted else {
      return (table.trialLeft == nil ? "drift is not known" : "a change is on trial", .notice)
    }
    if isDrifted { return ("drifted", .bad) }
    return ("as confirmed", differing == 0 && table.trialLeft == nil && isEnforcing ? .good : .notice)
  }
}
