internal import AgentProtocol
internal import Diagnostics
internal import Operations
internal import Policy

/// Many hosts, a line each.
struct StatusTable {
  private let rows: [Row]
  /// Hosts that could not be asked, which are told apart.
  private let failed: Int

  init(_ states: [HostAnswer]) {
    rows = states.compactMap { state in
      if case .success(let status) = state.status { Row(state, status) } else { nil }
    }
    failed = states.count - rows.count
  }

  var chapter: Chapter {
    let widths = (0..<Row.columns).map { column in rows.map { $0.cells[column].text.count }.max() ?? 0 }
    return Chapter(
      .facts, "",
      rows.map { row in
        let cells = row.cells + [(row.notes.joined(separator: "; "), .changes)]
        let last = cells.lastIndex { !$0.text.isEmpty } ?? 0
        var words: Words = ""
        for (column, cell) in cells[...last].enumerated() {
          let gap = column == last ? 0 : widths[column] - cell.text.count + 2
          words = words + Words(cell.text, cell.role) + Words("".padded(to: gap))
        }
        return Entry(nil, words)
      })
  }

  /// How many hosts are in which state.
  var summary: String {
    var counts = State.allCases.compactMap { state -> String? in
      let count = rows.count { $0.state == state }
      return count == 0 ? nil : "\(count) \(state.rawValue)"
    }
    if failed > 0 { counts.append("\(failed) could not be asked") }
    return "\(counted(rows.count + failed, "host")): \(counts.joined(separator: ", "))"
  }

  /// In a few words; the worst first.
  private enum State: String, CaseIterable {
    case none = "without a table"
    case off = "switched off"
    case stopped
    case fallback = "on the fallback"
    case drifted = "not as confirmed"
    case differs = "to be changed"
    case trial = "on trial"
    case enforcing
    case same = "as wanted"

    var role: Words.Role {
      switch self {
      case .none, .off, .stopped, .fallback: .closes
      case .drifted, .differs, .trial: .changes
      case .enforcing, .same: .opens
      }
    }
  }

  private struct Row {
    static let columns = 5

    let state: State
    let cells: [(text: String, role: Words.Role)]
    /// What somebody should look at.
    let notes: [String]

    init(_ answer: HostAnswer, _ status: HostStatus) {
      state = Row.state(answer, status)
      let denied = status.table.map { table in
        // What is only observed passes.
        let directions = table.directions.filter { $0.mode == .enforce }
        let packets = directions.reduce(0) { $0 &+ $1.packets }
        return "\(counted(packets, "packet")) denied, \(directions.reduce(0) { $0 + $1.records }) recorded"
      }
      let sessions = status.sessions?.count.map { counted($0, "session") }
      let revision = status.confirmed.map { confirmed in
        "revision \(confirmed.revision)" + (confirmed.time.map { ", \(ConfirmedStatus.age($0))" } ?? "")
      }
      cells = [
        (answer.host, .strong), (state.rawValue, state.role), (revision ?? "", .plain),
        (denied ?? "", .plain), (sessions ?? "", .plain),
      ]
      notes = Row.notes(answer, status)
    }

    private static func state(_ answer: HostAnswer, _ status: HostStatus) -> State {
      if status.stop != nil { return .stopped }
      guard let table = status.table else { return .none }
      if table.isDormant { return .off }
      if table.isFallback == true { return .fallback }
      if table.trialLeft != nil { return .trial }
      if status.confirmed?.isDrifted == true { return .drifted }
      return switch answer.differing {
      case nil: .enforcing
      case 0: .same
      default: .differs
      }
    }

    private static func notes(_ answer: HostAnswer, _ status: HostStatus) -> [String] {
      var notes: [String] = []
      if let left = status.table?.trialLeft { notes.append("another \((left + 999) / 1000) s") }
      if let stop = status.stop { notes.append(stop.sentence) }
      if let note = status.quarantine?.note { notes.append(note) }
      notes += status.tripped?.notes(answer.facts?.owners ?? [:]) ?? []
      if status.confirmedUnknown != nil { notes.append("what it boots with is not known") }
      if status.quarantineUnknown != nil { notes.append("whom it refuses is not known") }
      if status.openedUnknown != nil { notes.append("what it has opened is not known") }
      if status.trippedUnknown != nil { notes.append("who has tripped its tripwires is not known") }
      if let opened = status.opened { notes.append("\(opened.count) opened for a time") }
      let directions = status.table?.directions ?? []
      let watched = directions.filter { $0.mode != .enforce }.map {
        "\($0.hook.rawValue) \($0.mode.rawValue)" + ($0.records > 0 ? " (\($0.records) recorded)" : "")
      }
      if !watched.isEmpty { notes.append(watched.joined(separator: ", ")) }
      let full = directions.filter { $0.areRecordsFull == true }.map(\.hook.rawValue)
      if !full.isEmpty { notes.append("records full: \(full.joined(separator: ", "))") }
      let unrecorded = directions.filter { $0.unrecorded?.total ?? 0 > 0 }.map(\.hook.rawValue)
      if !unrecorded.isEmpty { notes.append("not all recorded: \(unrecorded.joined(separator: ", "))") }
      if let sessions = status.sessions, sessions.isNearlyFull, let percent = sessions.percent {
        notes.append("sessions \(min(percent, 100)) % full")
      }
      if status.table?.isOwned == true { notes.append("goes with a running program") }
      let tables =
        status.foreignChains.filteringTables + (status.legacyTables ?? []).map { "iptables-legacy \($0)" }
      if !tables.isEmpty { notes.append("filtered too by \(tables.joined(separator: ", "))") }
      if let translations = answer.facts?.translations.count, translations > 0 {
        notes.append("leads elsewhere: \(counted(translations, "line"))")
      }
      if answer.facts?.translationsNotProven != nil { notes.append("what it leads elsewhere is not proven") }
      if answer.facts?.publishesUnfiltered == true { notes.append("publishes what nothing filters") }
      if let stray = answer.facts?.stray, !stray.sentences.isEmpty { notes.append("other addresses") }
      if let services = status.flushing, !services.isEmpty {
        notes.append("flushed by \(services.map(\.unit).joined(separator: ", "))")
      }
      return notes
    }
  }
}
