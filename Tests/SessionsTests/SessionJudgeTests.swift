import Addressing
import Nftables
import Sessions
import Testing

/// What a table says of sessions that are tracked.
@Suite struct SessionJudgeTests {
  private typealias Judgement = SessionJudge.Judgement

  private static let own = "10.0.0.2"
  private static let docker0 = Array("docker0".utf8) + [UInt8](repeating: 0, count: 9)

  /// Lets 80 in and 443 out, and 5432 of what is sent on from the container's bridge.
  private static func table() throws -> Table {
    func rule(_ statements: [Statement], _ comment: String) throws -> Rule {
      Rule(try Rule(statements + [.accept], in: .inet).expressions, comment: comment)
    }
    func chain(_ name: ChainName, _ hook: Hook, _ rules: [Rule]) -> Chain {
      Chain(name: name, base: BaseChain(hook: hook, policy: .drop), rules: rules)
    }
    return Table(
      family: .inet, name: "t",
      chains: [
        chain(
          "input", .input,
          [
            try rule([.match(.tcpDport, .port(80))], "web"),
            try rule([.match(.udpDport, .port(5353))], "names"),
          ]),
        chain("output", .output, [try rule([.match(.tcpDport, .port(443))], "out")]),
        chain(
          "forward", .forward,
          [try rule([.match(.iifname, .value(docker0)), .match(.tcpDport, .port(5432))], "db")]),
      ], sets: [])
  }

  private struct Case {
    let from: (String, UInt16)
    let to: (String, UInt16)
    /// Where answers come from, if not from where the client asked.
    var translated: (String, UInt16)?
    var ipProtocol = IPProtocol.tcp
    var isPickedUp = false
    let expected: SessionJudge.Judgement
  }

  private static let cases: [Case] = [
    Case(from: ("10.0.0.1", 40000), to: (own, 80), expected: .allowed(by: "web")),
    Case(from: ("10.0.0.1", 40000), to: (own, 81), expected: .denied),
    Case(from: (own, 40000), to: ("10.0.0.3", 443), expected: .allowed(by: "out")),
    Case(from: (own, 40000), to: ("10.0.0.3", 80), expected: .denied),
    // Led to another port here, and to another host from here.
    Case(from: ("10.0.0.1", 40000), to: (own, 8080), translated: (own, 80), expected: .allowed(by: "web")),
    Case(from: ("10.0.0.1", 40000), to: (own, 80), translated: (own, 81), expected: .denied),
    Case(
      from: (own, 40000), to: ("10.0.0.9", 80), translated: ("10.0.0.3", 443), expected: .allowed(by: "out")),
    // Sent on: by the link behind which its source is.
    Case(from: ("172.17.0.2", 40000), to: ("10.0.0.3", 5432), expected: .allowed(by: "db")),
    Case(from: ("10.0.0.1", 40000), to: ("10.0.0.3", 5432), expected: .denied),
    Case(from: ("10.0.0.1", 40000), to: (own, 5432), translated: ("172.17.0.2", 5432), expected: .denied),
    // To many, of which this host is one.
    Case(
      from: ("10.0.0.1", 5353), to: ("224.0.0.251", 5353), ipProtocol: .udp, expected: .allowed(by: "names")),
    Case(from: (own, 40000), to: (own, 81), expected: .exempt),
    // Of what tracking came upon half-way either end may have begun it: the one that does not listen, here.
    Case(from: (own, 80), to: ("10.0.0.1", 40000), isPickedUp: true, expected: .allowed(by: "web")),
    Case(from: (own, 80), to: ("10.0.0.1", 40000), expected: .denied),
    Case(from: ("10.0.0.3", 443), to: (own, 40000), isPickedUp: true, expected: .allowed(by: "out")),
    Case(from: ("10.0.0.3", 443), to: (own, 40000), expected: .denied),
    // Nobody listens at 22, and somebody does at 8080: neither began there.
    Case(from: (own, 22), to: ("10.0.0.1", 80), isPickedUp: true, expected: .denied),
    Case(from: ("10.0.0.3", 443), to: (own, 8080), isPickedUp: true, expected: .denied),
    Case(
      from: ("10.0.0.3", 5432), to: ("172.17.0.2", 40000), isPickedUp: true, expected: .allowed(by: "db")),
    // UDP knows no beginning that could have been missed: what is allowed comes back by itself.
    Case(from: (own, 5353), to: ("10.0.0.1", 40000), ipProtocol: .udp, isPickedUp: true, expected: .denied),
  ]

  @Test(arguments: cases.indices)
  func `a session is judged as what would open it`(number: Int) throws {
    let it = Self.cases[number]
    let judge = SessionJudge(
      try Self.table(), HostAddresses(own: [try Address(parsing: Self.own)]),
      listeners: [SessionEnd(Address(.ipv4, 0), 80), SessionEnd(try Address(parsing: Self.own), 8080)],
      exits: [
        ("docker0", AddressSet([try Prefix(parsing: "172.17.0.0/16")])),
        ("eth0", AddressSet([try Prefix(parsing: "10.0.0.0/8"), try Prefix(parsing: "224.0.0.0/4")])),
      ], at: 0)
    let server = it.translated ?? it.to
    let session = TrackedSession(
      original: try Self.tuple(it.from, it.to, it.ipProtocol),
      reply: try Self.tuple(server, it.from, it.ipProtocol), status: it.translated == nil ? 0 : 0x20,
      isPickedUp: it.isPickedUp, name: TrackedSession.Name(tuple: [], id: 0))
    #expect(judge.judge(session) == it.expected, "\(it)")
  }

  @Test func `a table that does not ask about packets that are sent on leaves them alone`() throws {
    let all = try Self.table()
    let table = Table(family: .inet, name: "t", chains: all.chains.filter { $0.name != "forward" }, sets: [])
    let judge = SessionJudge(
      table, HostAddresses(own: [try Address(parsing: Self.own)]), listeners: [], at: 0)
    let (from, to) = (("10.0.0.1", UInt16(1)), ("10.0.0.3", UInt16(2)))
    let session = TrackedSession(
      original: try Self.tuple(from, to, .tcp), reply: try Self.tuple(to, from, .tcp), status: 0,
      isPickedUp: true, name: TrackedSession.Name(tuple: [], id: 0))
    #expect(judge.judge(session) == .exempt)
  }

  /// How a session is judged by the table, of a host of which not all is known.
  private func judged(
    _ from: (String, UInt16), _ to: (String, UInt16), _ ipProtocol: IPProtocol = .tcp,
    isPickedUp: Bool = false,
    listeners: [SessionEnd]? = [], exits: [(link: String, destinations: AddressSet)] = []
  ) throws -> Judgement {
    let judge = SessionJudge(
      try Self.table(),
      HostAddresses(
        own: [try Address(parsing: Self.own)], forMany: [try Address(parsing: "10.0.0.255")]),
      listeners: listeners, exits: exits, at: 0)
    return judge.judge(
      TrackedSession(
        original: try Self.tuple(from, to, ipProtocol), reply: try Self.tuple(to, from, ipProtocol),
        status: 0,
        isPickedUp: isPickedUp, name: TrackedSession.Name(tuple: [], id: 0)))
  }

  private let known = [
    (link: "eth0", destinations: AddressSet([Prefix(containing: Address(.ipv4, 0), length: 0)]))
  ]

  @Test func `where links or listeners are not known nothing is called denied that may hang on them`() throws
  {
    let (client, own) = (("10.0.0.1", UInt16(40000)), (Self.own, UInt16(81)))
    #expect(try judged(client, own, exits: known) == .denied)
    // The table asks for links elsewhere, which may have judged ahead.
    #expect(try judged(client, own) == .uncertain)
    let server = (Self.own, UInt16(80))
    #expect(try judged(server, client, isPickedUp: true, listeners: nil, exits: known) == .uncertain)
    #expect(try judged(server, client, listeners: nil, exits: known) == .denied)
  }

  @Test func `what is sent to all on a link comes in, and is not sent on`() throws {
    let client = ("10.0.0.1", UInt16(5353))
    #expect(try judged(client, ("10.0.0.255", 5353), .udp, exits: known) == .allowed(by: "names"))
    #expect(try judged(client, ("10.0.0.254", 5353), .udp, exits: known) == .denied)
  }

  private static func tuple(
    _ from: (String, UInt16), _ to: (String, UInt16), _ ipProtocol: IPProtocol
  ) throws -> TrackedSession.Tuple {
    TrackedSession.Tuple(
      from: try Address(parsing: from.0), to: try Address(parsing: to.0), ipProtocol, sourcePort: from.1,
      destinationPort: to.1)
  }
}
