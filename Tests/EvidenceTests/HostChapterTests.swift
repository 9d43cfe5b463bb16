import Addressing
import AgentProtocol
import Evidence
import Testing

/// What a report says of hosts: nothing is shown as good that is not known to be.
@Suite struct HostChapterTests {
  private static func figures(
    mode: DirectionStatus.Mode = .enforce, isDormant: Bool = false, isFallback: Bool = false,
    trialLeft: UInt64? = nil,
    confirmed: ConfirmedStatus? = ConfirmedStatus(revision: 3, time: 1, isDrifted: false),
    differing: Int? = 0, hasTable: Bool = true
  ) -> HostFigures {
    let directions = [DirectionStatus.Direction.input, .output].map {
      DirectionStatus(hook: $0, mode: mode, packets: 0, records: 0)
    }
    let table = TableStatus(
      isOwned: false, isDormant: isDormant, directions: directions, chains: 1, rules: 1, sets: 1, elements: 1,
      trialLeft: trialLeft, isFallback: isFallback)
    return HostFigures(
      status: HostStatus(
        generation: 1, table: hasTable ? table : nil, foreignChains: [], confirmed: confirmed), usage: nil,
      records: nil, differing: differing)
  }

  private static let unknown = ConfirmedStatus(revision: 3, time: 1, isDrifted: nil)

  @Test(
    arguments: [
      ("as confirmed", .good, figures(), 0),
      ("as confirmed", .notice, figures(mode: .observe), 0),
      ("as confirmed", .notice, figures(differing: 4), 0),
      ("as confirmed", .notice, figures(differing: nil), 1),
      ("drift is not known", .notice, figures(confirmed: unknown), 1),
      ("a change is on trial", .notice, figures(trialLeft: 9000, confirmed: unknown), 1),
      ("nothing was confirmed", .notice, figures(confirmed: nil), 1),
      ("drifted", .bad, figures(confirmed: ConfirmedStatus(revision: 3, time: 1, isDrifted: true)), 0),
      ("the fallback stands", .bad, figures(isFallback: true), 0),
      ("switched off", .bad, figures(isDormant: true), 0),
      ("nothing is enforced", .bad, figures(confirmed: unknown, hasTable: false), 1),
    ] as [(String, ReportTable.Tone, HostFigures, Int)])
  func `only what is known to be as it should be is good`(
    words: String, tone: ReportTable.Tone, figures: HostFigures, gaps: Int
  ) throws {
    let row = try #require(HostChapters.state([("h", figures)]).tables[0].rows.first)
    #expect(row.cells[1] == words)
    #expect(row.tone == tone)
    let told = HostChapters.gaps("h", figures)
    #expect(told.count == gaps, "\(told)")
    #expect(told.allSatisfy { $0.what.hasSuffix("h") })
  }

  @Test func `who does not enforce just what the inventory says does not count`() {
    #expect(Self.figures().isAsMeant)
    for lax in [
      Self.figures(mode: .observe), Self.figures(mode: .unknown), Self.figures(isDormant: true),
      Self.figures(isFallback: true), Self.figures(hasTable: false), Self.figures(differing: 1),
      Self.figures(differing: nil), Self.figures(confirmed: Self.unknown), Self.figures(trialLeft: 9000),
    ] {
      #expect(!lax.isAsMeant)
    }
  }

  @Test func `history names the index and who approved, and what it does not cover`() throws {
    func entry(_ number: Int, _ digest: String?, index: Int64?, _ approvedBy: [String]?) -> Books.Entry {
      Books.Entry(
        number: number, digest: digest, time: 1_800_000_000, by: "ops", why: "w", meaning: nil,
        confirmedAt: nil, confirmedBy: nil, index: index, approvedBy: approvedBy)
    }
    let books = Books(
      confirmed: 2, trial: Books.Running(revision: 3, left: 9000, by: "ops"),
      revisions: [
        entry(1, nil, index: nil, nil), entry(2, "d", index: nil, nil),
        entry(3, "d", index: 12, ["alice", "bob"]),
      ], events: [], chainFaults: ["line 4 is gone"], chainTip: "tip", damage: [])
    let chapter = HistoryChapter.of([("h", books)])
    let table = chapter.tables[0]
    func column(_ name: String) throws -> [String] {
      let index = try #require(table.columns.firstIndex(of: name))
      return table.rows.map { $0.cells[index] }
    }
    #expect(try column("revision") == ["3", "2", "1"])
    #expect(try column("index") == ["12", "none", "none"])
    #expect(
      try column("approved by") == ["alice, bob", "not asked for", "not asked for"])
    #expect(try column("now") == ["on trial", "confirmed", ""])
    #expect(table.rows.map(\.tone) == [nil, nil, .bad])
    #expect(chapter.tables[1].rows[0].tone == .bad)
    #expect(chapter.lead.contains { $0.hasPrefix("It does not cover") })
  }

  @Test func `what many hosts do alike is one line`() throws {
    let address = try Address(parsing: "10.0.0.9")
    func host(_ since: Int64, isInForce: Bool) -> HostFigures {
      let plain = Self.figures()
      var status = plain.status
      status.quarantine = [
        QuarantineStatus(
          address: address, host: "x", since: since, until: nil, isInForce: isInForce, by: "ops", why: "w")
      ]
      return HostFigures(status: status, usage: nil, records: nil, differing: 0)
    }
    let rows = HostChapters.exceptions(
      [("a", host(9, isInForce: true)), ("b", host(5, isInForce: true)), ("c", host(7, isInForce: false))],
      called: { $0 == ["a", "b"] ? "both" : "" }
    ).tables[0].rows
    #expect(
      rows.map { Array($0.cells[0...3]) } == [
        ["both (2)", "refuses", "x (10.0.0.9)", "1970-01-01T00:00:05Z"],
        ["c", "should refuse, and does not", "x (10.0.0.9)", "1970-01-01T00:00:07Z"],
      ])
    #expect(rows.map(\.tone) == [.notice, .bad])
  }

  @Test func `what ten thousand hosts say stays small`() throws {
    let entries = (1...50).map { number in
      Books.Entry(
        number: number, digest: "d", time: 1_800_000_000, by: "operator", why: "a reason of some length",
        meaning: nil, confirmedAt: 1_800_000_000, confirmedBy: "token")
    }
    let books = Books(
      confirmed: 50, trial: nil, revisions: entries, events: [], chainFaults: [],
      chainTip: String(repeating: "0", count: 64), damage: [])
    let hosts = (1...10_000).map { "host-\($0)" }
    let chapters = [
      HistoryChapter.of(hosts.map { ($0, books) }), HostChapters.state(hosts.map { ($0, Self.figures()) }),
    ]
    #expect(chapters[0].tables[0].rows.count == 10_000)
    #expect(chapters[0].lead.contains { $0.contains("490000 older ones are not") })
    let page = ReportPage(Report(title: "t", identity: [], chapters: chapters, picture: nil)).html
    #expect(page.utf8.count < 9_000_000, "\(page.utf8.count)")
  }
}
