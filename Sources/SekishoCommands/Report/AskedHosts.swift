internal import AgentProtocol
internal import Evidence
internal import Operations
internal import Policy
internal import Records

/// What hosts say of themselves, as chapters of a report.
struct AskedHosts {
  private struct Told: Sendable {
    let figures: HostFigures
    let books: Books?
    let denied: RecordReport.Told?
  }

  private let replies: [HostReply<Told>]
  private let names: AddressNames
  private var told: [(host: String, told: Told)] {
    replies.compactMap { reply in (try? reply.result.get()).map { (reply.host, $0) } }
  }

  init(_ targets: Targets, _ console: Console) async {
    names = AddressNames(targets)
    let readers = RecordReaders(names.names, targets.inventory?.policy)
    let probes = ProbeTraces(ofLab: targets.isLab)
    replies = await HostReply.asking(targets, watch: WaitingLine(console)) { target in
      let records = try? await Dated { try await ListRecords().asked(of: target) }
      return Told(
        figures: try await HostFigures.asked(of: target), books: try? await History().asked(of: target),
        denied: records.map { records in
          RecordReport.Told(records, .enforce, without: probes) {
            readers.connections($0, at: target?.name ?? "", since: nil)
          }
        })
    }
  }

  var failures: [Answer.Part] {
    replies.compactMap { reply in
      if case .failure(let error) = reply.result { .failure("\(error)", of: reply.host) } else { nil }
    }
  }

  /// What hosts did not tell.
  var gaps: [(what: String, why: String)] {
    var gaps: [(what: String, why: String)] = []
    for reply in replies {
      if case .failure(let error) = reply.result {
        gaps.append(("the host \(reply.host)", "it could not be asked: \(error)"))
      }
    }
    for (host, told) in told {
      if told.figures.usage == nil { gaps.append(("use of flows on \(host)", "it did not tell")) }
      if told.denied == nil { gaps.append(("denied connections of \(host)", "it did not tell")) }
      if told.books == nil { gaps.append(("history of \(host)", "it did not tell")) }
      for unknown in told.figures.status.unknown { gaps.append(("exceptions of \(host)", unknown)) }
      if told.figures.usage != nil, told.figures.usage?.live == nil {
        gaps.append(("sessions on \(host)", "they were not counted"))
      }
    }
    return gaps
  }

  func chapters(at now: Timestamp) -> [ReportChapter] { [state, usage, denied, exceptions, history] }

  // MARK: State

  private var state: ReportChapter {
    let rows = told.map { host, told -> ReportTable.Row in
      let status = told.figures.status
      let modes = (status.table?.directions ?? []).map { "\($0.hook.rawValue) \($0.mode.rawValue)s" }
      let drift = status.confirmed?.isDrifted
      let words =
        status.table == nil
        ? "nothing is enforced"
        : status.table?.isDormant == true
          ? "switched off"
          : status.table?.isFallback == true
            ? "the fallback stands"
            : drift == true ? "drifted" : drift == false ? "as confirmed" : "not known"
      let isBad = status.table == nil || drift == true || status.table?.isDormant == true
      return .init(
        [
          host, words, modes.joined(separator: ", "),
          status.confirmed.map { "\($0.revision)" } ?? "none",
          status.confirmed?.time.map { "\(Timestamp(seconds: $0))" } ?? "",
          told.figures.differing.map {
            $0 == 0 ? "as the inventory" : counted($0, "object differs", "objects differ")
          } ?? "not known",
          status.table?.trialLeft.map { "\($0 / 1000) s left" } ?? "none",
          "\(status.foreignChains.count)",
        ], isBad ? .bad : told.figures.differing.map { $0 > 0 } ?? true ? .notice : .good)
    }
    return ReportChapter(
      "hosts", "Hosts: what is in force",
      lead: [
        "What the kernel of each host that was asked has, compared with what was confirmed and with the inventory."
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

  // MARK: Use

  private var usage: ReportChapter {
    let lists = told.compactMap { host, told in told.figures.usage.map { (host: host, list: $0) } }
    let flows = FlowUsage.all(of: lists).filter(\.stands)
    return ReportChapter(
      "usage", "Use of flows",
      lead: [
        "Connections that began by each flow, as \(counted(lists.count, "host")) counted them, and sessions that go on. What was not used may be needed all the same: how long it is watched is in the last column."
      ],
      tables: [
        ReportTable(
          "Use", ["flow", "connections", "sessions", "last used", "known for"],
          flows.map { flow in
            .init(
              [
                flow.flow, "\(flow.connections)", flow.sessions.map { "\($0)" } ?? "not counted",
                flow.latest?.last.map { "\(roughly(seconds: $0)) ago" } ?? "never",
                roughly(seconds: flow.known),
              ], flow.connections == 0 ? .notice : nil)
          })
      ])
  }

  // MARK: Denied

  private var denied: ReportChapter {
    let report = RecordReport(mode: .enforce, grouping: .source, names: names.names)
    let answers = replies.map { reply in
      reply.map { told in
        guard let denied = told.denied else { throw NotTold() }
        return denied
      }
    }
    let answer = report.answer(answers.map { RecordReport.Host($0) })
    let tables = answer.parts.compactMap { part -> ReportTable? in
      if case .chapter(let chapter) = part { ReportTable(chapter) } else { nil }
    }
    return ReportChapter(
      "denied", "Denied: who wanted what nothing allows",
      lead: [
        "By source, as hosts remember it. Of a flood not all is recorded, so that packets are so many at least."
      ],
      tables: tables)
  }

  private struct NotTold: Error, CustomStringConvertible { let description = "it did not tell" }

  // MARK: Exceptions

  private var exceptions: ReportChapter {
    var rows: [ReportTable.Row] = []
    func moment(_ seconds: Int64?) -> String { seconds.map { "\(Timestamp(seconds: $0))" } ?? "" }
    for (host, told) in told {
      let status = told.figures.status
      for one in status.quarantine ?? [] {
        let name = one.host.isEmpty ? "\(one.address)" : "\(one.host) (\(one.address))"
        rows.append(
          .init(
            [
              host, one.isInForce ? "refuses" : "should refuse, and does not", name, moment(one.since),
              one.until.map { moment($0) } ?? "until released", one.by, one.why,
            ], one.isInForce ? .notice : .bad))
      }
      for one in status.opened ?? [] {
        rows.append(
          .init(
            [
              host, "has open", "\(one.flow.from) → \(one.flow.to), \(one.flow.service)", moment(one.since),
              moment(one.until),
              one.by, [one.why, one.ticket].compactMap { $0 }.joined(separator: ", "),
            ], .notice))
      }
      for one in status.tripped ?? [] {
        rows.append(
          .init(
            [
              host, one.isCut ? "refuses" : "would refuse", "\(one.address)", moment(one.since),
              moment(one.until),
              "tripwire \(one.tripwires.joined(separator: ", "))", "",
            ], .notice))
      }
      if let stop = status.stop {
        rows.append(
          .init(
            [
              host, "is stopped", "", "", stop.until.map { moment($0) } ?? "until started", stop.by,
              stop.why ?? "",
            ], .bad))
      }
    }
    return ReportChapter(
      "exceptions", "Quarantine, openings and stops",
      lead: ["What hosts do beside the inventory, because somebody told them to or a tripwire was tripped."],
      tables: [
        ReportTable("Exceptions", ["host", "what", "whom", "since (UTC)", "until (UTC)", "by", "why"], rows)
      ])
  }

  // MARK: History

  private static let mostEvents = 200

  private var history: ReportChapter {
    let books = told.compactMap { host, told in told.books.map { (host: host, books: $0) } }
    func moment(_ seconds: Int64?) -> String { seconds.map { "\(Timestamp(seconds: $0))" } ?? "" }
    let revisions = books.flatMap { host, books in
      books.revisions.reversed().map { entry -> ReportTable.Row in
        .init(
          [
            host, "\(entry.number)", moment(entry.time), entry.by ?? "cannot be read", entry.why ?? "",
            moment(entry.confirmedAt), entry.confirmedBy ?? "",
            entry.number == books.confirmed ? "in force" : "",
          ], entry.digest == nil ? .bad : nil)
      }
    }
    let chains = books.map { host, books -> ReportTable.Row in
      let isSound = books.chainFaults.isEmpty && books.damage.isEmpty
      return .init(
        [
          host, isSound ? "holds" : (books.chainFaults + books.damage).joined(separator: "; "),
          books.chainTip,
        ],
        isSound ? .good : .bad)
    }
    let all = books.flatMap { host, books in books.events.map { (host: host, event: $0) } }
      .sorted { ($1.event.time, $0.host) < ($0.event.time, $1.host) }
    var lead = [
      "What hosts were given, by whom and why, and how it was confirmed; each host keeps it in a chain of digests."
    ]
    if all.count > Self.mostEvents {
      lead.append("Of \(all.count) events the newest \(Self.mostEvents) are shown.")
    }
    return ReportChapter(
      "history", "History", lead: lead,
      tables: [
        ReportTable(
          "Revisions",
          ["host", "revision", "given (UTC)", "by", "why", "confirmed (UTC)", "confirmed by", "now"],
          revisions),
        ReportTable("Chains of events", ["host", "chain", "digest of its last line"], chains),
        ReportTable(
          "Events", ["host", "time (UTC)", "by", "event", "revision", "detail", "why"],
          all.prefix(Self.mostEvents).map { host, event in
            .init([
              host, moment(event.time), event.by, event.event, event.revision.map { "\($0)" } ?? "",
              event.detail ?? "", event.why ?? "",
            ])
          }),
      ])
  }
}
