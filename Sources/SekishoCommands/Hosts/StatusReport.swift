internal import Addressing
internal import AgentProtocol
internal import Diagnostics
internal import Machine
internal import Operations
internal import Policy

/// States of hosts as an answer.
struct StatusReport {
  let states: [HostAnswer]

  /// Of more hosts each has a line.
  private static let mostChapters = 3

  var answer: Answer {
    var parts: [Answer.Part] = []
    for state in states {
      switch state.status {
      case .failure(let error): parts.append(.failure("\(error)", of: state.host))
      case .success(let status):
        if states.count <= Self.mostChapters { parts.append(.chapter(chapter(state, status))) }
      }
    }
    let table = StatusTable(states)
    if states.count > Self.mostChapters { parts.append(.chapter(table.chapter)) }
    if states.count > 1 { parts.append(.summary(table.summary)) }
    return Answer(
      parts: parts, data: .document(File(hosts: states.map { File.Host($0) })),
      exitCode: states.contains { $0.isFailure || $0.isUnknownInPart } ? .failed : nil)
  }

  private func chapter(_ state: HostAnswer, _ status: HostStatus) -> Chapter {
    let stray = (state.facts?.stray?.sentences ?? []).map { Entry(.risk, "\($0)") }
    let foreign = flushing(status) + foreign(status) + (state.facts?.translationEntries ?? []) + stray
    let stopped =
      (status.stop.map { [Entry(.risk, Words($0.sentence))] } ?? []) + (status.confirmed?.entries ?? [])
      + status.unknown.map { Entry(.risk, Words($0)) }
      + (status.quarantine?.entries ?? [])
      + (status.tripped ?? []).map { Entry(.risk, Words($0.words(state.facts?.owners ?? [:]))) }
      + (status.opened?.entries ?? [])
    let sessions = status.sessions?.entries ?? []
    guard let table = status.table else {
      return Chapter(
        .facts, "\(state.host, .strong): \("no table, nothing is enforced", .closes)",
        stopped + sessions + foreign)
    }
    let against: Words =
      switch state.differing {
      case nil: ""
      case 0: "\("as it should be", .opens), "
      case let count?:
        "\("differs in \(counted(count, "object"))", .changes) (sekisho diff shows them), "
      }
    var entries: [Entry] = stopped
    if let left = table.trialLeft {
      entries.append(
        Entry(
          .risk,
          "a change is on trial for another \(String((left + 999) / 1000)) s, and these are its rules; then those from before judge again, unless it is confirmed"
        ))
    }
    if table.isFallback == true {
      entries.append(
        Entry(
          .risk,
          "this is the fallback: what was confirmed could not be loaded, and only ssh is let in (sekisho history says why; apply, or sekisho boot, ends it)"
        ))
    }
    if table.isOwned { entries.append("the table belongs to a running program and goes with it") }
    if table.isDormant { entries.append("the table is switched off (dormant): nothing is enforced") }
    entries += table.directions.map { direction in
      let hook = direction.hook.rawValue.padded(to: 7)
      let mode = direction.mode.rawValue.padded(to: 7)
      if direction.mode == .leave {
        return "\(hook)  \(mode, .changes)  left alone: everything passes, and nothing is recorded"
      }
      let denied = direction.mode == .observe ? "would be denied" : "denied"
      let records = counted(direction.records, "peer and port", "peers and ports")
      return
        "\(hook)  \(mode, direction.mode == .enforce ? .opens : .changes)  \(counted(direction.packets, "packet")) \(denied), \(records) recorded"
    }
    entries += table.directions.compactMap { direction in
      guard let invalid = direction.invalid, invalid > 0 else { return nil }
      let hint =
        direction.hook == .forward
        ? "; where answers take another way than requests, a gateway sees half of each connection" : ""
      return Entry(
        .risk,
        "\(direction.hook.rawValue): \(counted(invalid, "packet")) dropped as part of no connection\(hint)")
    }
    entries += table.directions.compactMap { direction in
      guard let spoofed = direction.spoofed, spoofed > 0 else { return nil }
      return Entry(
        .risk,
        "\(direction.hook.rawValue): \(counted(spoofed, "packet")) from sources that nobody there can have (the host's own addresses, IPv4 in IPv6)"
      )
    }
    entries += table.directions.compactMap { direction in
      guard let unrecorded = direction.unrecorded, unrecorded.total > 0 else { return nil }
      return Entry(.risk, "\(direction.hook.rawValue): \(unrecorded.sentence)")
    }
    entries += table.directions.filter { $0.areRecordsFull == true }.map { direction in
      Entry(
        .risk,
        "\(direction.hook.rawValue): a set of records is full: further peers and ports are not recorded until some of these are forgotten"
      )
    }
    entries += sessions
    let size = [
      counted(table.chains, "chain"), counted(table.rules, "rule"), counted(table.sets, "set"),
      counted(table.elements, "element"),
    ]
    entries.append("\(size.joined(separator: ", "), .faint)")
    return Chapter(
      .facts, "\(state.host, .strong): \(against)generation \(status.generation)", entries + foreign)
  }

  private func flushing(_ status: HostStatus) -> [Entry] {
    (status.flushing ?? []).map { service in
      let moments = service.moments.map { moment in
        switch moment {
        case .start: "when it is started"
        case .boot: "at every boot behind sekisho-boot.service"
        case .reload: "when it is reloaded"
        case .stop: "when it is stopped"
        }
      }
      return Entry(
        .risk,
        Words(
          "\(service.unit) takes Sekisho's table away \(moments.joined(separator: ", ")) (\(service.command))"
        ))
    }
  }

  private func foreign(_ status: HostStatus) -> [Entry] {
    let tables = status.foreignChains.filteringTables
    let legacy = status.legacyTables ?? []
    return (tables.isEmpty ? [] : ["other tables filter too: \(tables.joined(separator: ", "))"])
      + (legacy.isEmpty
        ? []
        : [
          Entry(
            .risk,
            "rules of iptables-legacy (\(listed(legacy))) are not read: they may stop what flows allow, and lead it elsewhere"
          )
        ])
  }

  // MARK: - JSON

  private struct File: Encodable {
    struct Host: Encodable {
      let host: String
      /// `same`, `differs`, `installed` (nothing to compare with), `fallback` (in the place of what was confirmed and
      /// could not be loaded), `stopped` (somebody has taken the table away), `none` (no table) or `failed`.
      let status: String
      var generation: UInt32?
      var table: TableStatus?
      var stop: StopStatus?
      /// Whom it refuses, whatever flows say.
      var quarantine: [QuarantineStatus]?
      /// Why that is not known; left out where it is.
      var quarantineUnknown: String?
      /// Who has tripped tripwires of it, and whether he is refused.
      var tripped: [TripStatus]?
      /// Why that is not known; left out where it is.
      var trippedUnknown: String?
      /// What it lets begin for a time, outside its rules.
      var opened: [OpenedStatus]?
      /// Why that is not known; left out where it is.
      var openedUnknown: String?
      /// The revision that the host boots with.
      var confirmed: ConfirmedStatus?
      /// Why that is not known; left out where it is.
      var confirmedUnknown: String?
      var objectsDiffering: Int?
      var foreignChains: [ForeignChain]?
      var legacyTables: [String]?
      /// Services that take the table away; nothing where it was not looked for them.
      var servicesThatFlush: [FlushingService]?
      /// How many the kernel tracks, and can; without `count` it tracks none. Nothing where the host does not tell.
      var sessions: SessionCount?
      /// Whether nine tenths of what the kernel can track are in use.
      var sessionsNearlyFull: Bool?
      /// Addresses of the machine that the inventory gives to nobody, and to others.
      var unlistedAddresses: [String]?
      var addressesOfOthers: [String: String]?
      var translations: [TranslationJSON]?
      var translationsNotProven: String?
      var error: FailureJSON?

      init(_ state: HostAnswer) {
        host = state.host
        switch state.status {
        case .failure(let failure):
          status = "failed"
          error = FailureJSON(failure)
        case .success(let found):
          status =
            found.table == nil
            ? found.stop == nil ? "none" : "stopped"
            : found.table?.isFallback == true
              ? "fallback" : state.differing.map { $0 == 0 ? "same" : "differs" } ?? "installed"
          generation = found.generation
          table = found.table
          stop = found.stop
          quarantine = found.quarantine
          quarantineUnknown = found.quarantineUnknown
          tripped = found.tripped
          trippedUnknown = found.trippedUnknown
          opened = found.opened
          openedUnknown = found.openedUnknown
          confirmed = found.confirmed
          confirmedUnknown = found.confirmedUnknown
          objectsDiffering = state.differing
          foreignChains = found.foreignChains
          legacyTables = found.legacyTables
          servicesThatFlush = found.flushing
          sessions = found.sessions
          sessionsNearlyFull = found.sessions?.isNearlyFull
          guard let facts = state.facts.map({ HostFactsJSON($0) }) else { break }
          translations = facts.translations
          translationsNotProven = facts.translationsNotProven
          // Without an inventory nobody knows whose addresses are whose.
          if state.facts?.stray == nil { break }
          unlistedAddresses = facts.unlistedAddresses
          addressesOfOthers = facts.addressesOfOthers
        }
      }
    }
    let hosts: [Host]
  }
}

extension HostAnswer {
  /// Whether the host does not know what it boots with, whom it refuses, or what it has opened.
  fileprivate var isUnknownInPart: Bool {
    if case .success(let status) = status { !status.unknown.isEmpty } else { false }
  }
}

extension Unrecorded {
  /// How many, and why.
  var sentence: String {
    let reasons = [
      (overShare, "of peers that had taken their share of the records"), (overPace, "too many at once"),
      (full, "without room in the records"),
    ].filter { $0.0 > 0 }.map { count, reason in "\(count) \(reason)" }
    return "\(counted(total, "packet")) not recorded: \(reasons.joined(separator: ", "))"
  }
}

extension ConfirmedStatus {
  /// What a host boots with, and whether it has it.
  var entries: [Entry] {
    let given = time.map { ", of \(Timestamp(seconds: $0)) (\(Self.age($0)) ago)" } ?? ""
    return isDrifted == true
      ? [
        Entry(.risk, Words("not as it was confirmed: revision \(revision)\(given); sekisho drift tells more"))
      ]
      : [Entry(nil, Words("revision \(revision) is confirmed\(given)"))]
  }

  /// `5 d`; nothing comes from the future.
  static func age(_ time: Int64) -> String { roughly(seconds: max(0, WallClock.seconds() - time)) }
}

extension SessionCount {
  /// How many there are, and what comes of so many.
  var entries: [Entry] {
    guard let count else { return ["sessions are not tracked"] }
    let most = limit.map { ", of \($0) at most" } ?? ""
    let told = Entry(nil, Words("\(counted(count, "session")) tracked\(most)"))
    guard isNearlyFull, let percent else { return [told] }
    let room =
      percent < 100
      ? "sessions take \(percent) % of the room that there is for them: once it is full the kernel drops what would begin another"
      : "there is no room for another session: the kernel drops what would begin one"
    return [
      told, Entry(.risk, Words("\(room), whatever the rules say (net.netfilter.nf_conntrack_max)")),
    ]
  }
}

extension [QuarantineStatus] {
  /// Whom a host refuses, until when and why; addresses of one host in one line.
  var entries: [Entry] {
    var order: [Line] = []
    var addresses: [Line: [String]] = [:]
    for one in self {
      let line = Line(one)
      if addresses[line] == nil { order.append(line) }
      addresses[line, default: []].append("\(one.address)")
    }
    return order.map { line in
      let own = listed(addresses[line] ?? [])
      let who = line.host.isEmpty ? own : "\(line.host) (\(own))"
      return Entry(
        .risk,
        Words(
          line.isInForce
            ? "refuses \(who) \(line.until), by \(line.by): \(line.why)"
            : "does not refuse \(who), who is in quarantine \(line.until), by \(line.by): \(line.why); the rules in force do not have it (sekisho boot puts it back, sekisho start where the host is stopped)"
        ))
    }
  }

  /// In a few words.
  var note: String? {
    if isEmpty { return nil }
    let names = map { $0.host.isEmpty ? "\($0.address)" : $0.host }
    return "refuses \(listed(names.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }, limit: 3))"
  }

  private struct Line: Hashable {
    let host: String
    let until: String
    let isInForce: Bool
    let by: String
    let why: String

    init(_ one: QuarantineStatus) {
      host = one.host
      until = one.until.map { "until \(Timestamp(seconds: $0))" } ?? "until it is released"
      isInForce = one.isInForce
      by = one.by
      why = one.why
    }
  }
}

extension [OpenedStatus] {
  /// What a host has opened, until when and why.
  var entries: [Entry] {
    map { one in
      let asked = one.ticket.map { ", \($0)" } ?? ""
      return Entry(
        .risk,
        Words(
          one.isInForce == false
            ? "\(one.flow.words) is not open as it should be until \(Timestamp(seconds: one.until)), by \(one.by): \(one.why)\(asked); the rules in force do not have all of it (sekisho boot puts it back, sekisho close ends it)"
            : "\(one.flow.words) is open until \(Timestamp(seconds: one.until)), by \(one.by): \(one.why)\(asked)"
        ))
    }
  }
}

extension StopStatus {
  /// Until when, by whom and why.
  var sentence: String {
    let time =
      switch (until, isOver) {
      case (nil, _): "for good (sekisho start, or an apply, ends it)"
      case (_, true):
        "for a time that is over, and what was confirmed is not back (sekisho start puts it back)"
      case (let until?, false): "until \(Timestamp(seconds: until))"
      }
    return "stopped \(time), by \(by)" + (why.map { ": \($0)" } ?? "")
  }
}

extension String {
  /// With spaces behind it, at least as wide.
  func padded(to width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }
}
