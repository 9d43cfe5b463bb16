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
      gaps += HostChapters.gaps(host, told.figures)
      if told.figures.usage != nil, told.figures.usage?.live == nil {
        gaps.append(("sessions on \(host)", "they were not counted"))
      }
    }
    return gaps
  }

  func chapters(_ called: @escaping (Set<String>) -> String) -> [ReportChapter] {
    let figures = told.map { (host: $0.host, figures: $0.told.figures) }
    return [
      HostChapters.state(figures), usage, denied, HostChapters.exceptions(figures, called: called),
      HistoryChapter.of(told.compactMap { host, told in told.books.map { (host: host, books: $0) } }),
    ]
  }

  /// Hosts of which is not known that they enforce just what the inventory says.
  var notAsMeant: Set<String> {
    Set(replies.map(\.host)).subtracting(told.filter { $0.told.figures.isAsMeant }.map(\.host))
  }

  /// Whose signatures counted for what is in force; `nil`: no host has asked for any.
  var approvers: String? {
    let entries = told.compactMap { host, told in
      told.books?.revisions.first { $0.number == told.books?.confirmed && $0.approvedBy != nil }
    }
    if entries.isEmpty { return nil }
    let names = Set(entries.flatMap { $0.approvedBy ?? [] }).sorted().joined(separator: ", ")
    return "\(names) (what is in force on \(entries.count) of \(counted(replies.count, "host")))"
  }

  // MARK: Use

  private var usageLists: [(host: String, list: UsageList)] {
    told.compactMap { host, told in told.figures.usage.map { (host: host, list: $0) } }
  }

  /// When each flow was used last, and its sessions.
  var uses: [String: FlowUse] {
    let flows = FlowUsage.all(of: usageLists).filter(\.stands)
    return Dictionary(
      flows.map { ($0.flow, FlowUse(last: Self.last($0), sessions: Self.sessions($0))) },
      uniquingKeysWith: { first, _ in first })
  }

  private static func last(_ flow: FlowUsage) -> String {
    flow.latest?.last.map { "\(roughly(seconds: $0)) ago" } ?? "never"
  }

  private static func sessions(_ flow: FlowUsage) -> String {
    flow.sessions.map { "\($0)" } ?? "not counted"
  }

  private var usage: ReportChapter {
    let lists = usageLists
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
                flow.flow, "\(flow.connections)", Self.sessions(flow), Self.last(flow),
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
}
