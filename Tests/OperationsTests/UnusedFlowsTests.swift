import AgentProtocol
import Operations
import Testing

/// What hosts have counted of flows, as one.
@Suite struct UnusedFlowsTests {
  private static let day = 86_400

  private static func use(
    _ flow: String, _ hook: DirectionStatus.Direction = .input, _ service: String = "web",
    _ packets: UInt64 = 0,
    known: Int = 40 * day, last: Int? = nil, after: Int? = nil, gone: Int? = nil
  ) -> UsageList.Use {
    UsageList.Use(
      flow: flow, hook: hook, service: service, packets: packets, bytes: 60 * packets, known: known,
      first: nil,
      last: last, lastAfter: after, gone: gone)
  }

  private static func list(
    _ uses: [UsageList.Use], watched: Int = 40 * day, gaps: [UsageList.Gap] = []
  ) -> UsageList { UsageList(uses: uses, untold: 0, watched: watched, gaps: gaps) }

  private static func findings(_ told: [(host: String, list: UsageList)]) -> [UnusedFlows.Finding] {
    let unused = UnusedFlows(in: 30 * day, told)
    return FlowUsage.all(of: told).map { unused.finding($0) }
  }

  @Test func `a connection that both ends have counted is told once`() throws {
    var server = Self.list([Self.use("f", .input, "web", 5), Self.use("f", .input, "dns", 2)])
    server.live = [.init(flow: "f", hook: .input, sessions: 3)]
    var clients = [
      Self.list([Self.use("f", .output, "web", 3)]), Self.list([Self.use("f", .output, "web", 3)]),
    ]
    clients[0].live = [.init(flow: "f", hook: .output, sessions: 1)]
    clients[1].live = [.init(flow: "f", hook: .output, sessions: 1)]
    let flow = try #require(
      FlowUsage.all(of: [("db", server), ("a", clients[0]), ("b", clients[1])]).first)
    #expect(flow.connections == 7 && flow.bytes == 420 && flow.sessions == 3 && flow.latest == nil)
    // Where the other end was not asked, what this one has counted is all that is known.
    #expect(FlowUsage.all(of: [("a", clients[0]), ("b", clients[1])]).first?.connections == 6)
    #expect(FlowUsage.all(of: [("a", Self.list([Self.use("f")]))]).first?.sessions == nil)
  }

  @Test func `unused is what was looked at for as long and was not used at any end`() {
    let day = Self.day
    #expect(Self.findings([("a", Self.list([Self.use("f")]))]) == [.unused])
    #expect(
      Self.findings([("a", Self.list([Self.use("f", last: 31 * day, after: 32 * day)]))]) == [.unused])
    #expect(Self.findings([("a", Self.list([Self.use("f", last: day, after: 2 * day)]))]) == [.used])
    // One end that has seen it is enough.
    let other = Self.list([Self.use("f", .output, last: 0, after: 60)], watched: day)
    #expect(Self.findings([("a", Self.list([Self.use("f")])), ("b", other)]) == [.used])
    // A use lies between two looks, which may be one on each side; of the first look of all, anywhere ahead.
    #expect(
      Self.findings([("a", Self.list([Self.use("f", last: 0, after: 31 * day)]))]) == [.perhaps])
    #expect(Self.findings([("a", Self.list([Self.use("f", last: 0)]))]) == [.perhaps])
    // Who has not looked for as long knows of no use, and of none that there was.
    let short = Self.list([Self.use("f", known: 3 * day)], watched: 3 * day)
    #expect(Self.findings([("a", short)]) == [.unknown(["a"], 3 * day)])
    #expect(Self.findings([("a", short), ("b", Self.list([Self.use("f")]))]) == [.unknown(["a"], 3 * day)])
    #expect(Self.findings([("a", Self.list([Self.use("f", known: 3 * day)]))]) == [.young(3 * day)])
    // A host that joins later does not make a flow young.
    #expect(
      Self.findings([("a", Self.list([Self.use("f", known: day)])), ("b", Self.list([Self.use("f")]))])
        == [.unused])
  }

  @Test func `what of a used flow was not used is told by services and hosts`() throws {
    let used = (last: 5, after: 65)
    func wider(_ told: [(host: String, list: UsageList)]) throws -> UnusedFlows.Wider? {
      UnusedFlows(in: 30 * Self.day, told).wider(try #require(FlowUsage.all(of: told).first))
    }
    let told = [
      ("db-1", Self.list([Self.use("f", last: used.last, after: used.after), Self.use("f", .input, "dns")])),
      ("db-2", Self.list([Self.use("f"), Self.use("f", .input, "dns")])),
      ("api-1", Self.list([Self.use("f", .output, last: used.last, after: used.after)])),
      ("api-2", Self.list([Self.use("f", .output), Self.use("f", .output, "dns")])),
      // It has had rules of it for a day only.
      ("api-3", Self.list([Self.use("f", .output, known: Self.day)])),
    ]
    let found = try #require(try wider(told))
    #expect(found.services == ["dns"] && found.silent == ["api-2"] && found.unasked == ["db-2"])
    #expect(try wider([told[1]]) == nil)
    #expect(try wider([told[2]]) == nil)
    // What has been asked for where it stands for a day only, or no more, has been asked for all the same.
    for young in [
      Self.use("f", .input, "dns", known: Self.day, last: used.last, after: used.after),
      Self.use("f", .input, "dns", last: used.last, after: used.after, gone: 3),
    ] {
      #expect(try #require(try wider(told + [("db-3", Self.list([young]))])).services.isEmpty)
    }
    let both = [
      Self.use("f"), Self.use("f", .input, "dns", known: Self.day, last: used.last, after: used.after),
    ]
    #expect(try #require(try wider([told[0], ("db-2", Self.list(both))] + told[2...])).unasked.isEmpty)
    // Where one has not looked for as long nothing is said.
    #expect(try wider(told + [("db-3", Self.list([Self.use("f")], watched: 5))]) == nil)
  }

  @Test func `what may have been missed is told as far as it lies in the time`() {
    let gaps = [
      UsageList.Gap(began: 50 * Self.day, ended: 45 * Self.day),
      UsageList.Gap(began: 31 * Self.day, ended: 29 * Self.day), UsageList.Gap(began: 900, ended: 600),
    ]
    let told = [("a", Self.list([], gaps: gaps)), ("b", Self.list([]))]
    let found = UnusedFlows(in: 30 * Self.day, told).gaps
    #expect(found.map(\.host) == ["a"] && found.map(\.seconds) == [Self.day + 300])
  }
}
