import Addressing
import AgentProtocol
import Policy
import Records
import Testing

/// What looks like answers, by what both its ends have recorded.
@Suite struct BothEndsTests {
  private static let inventory = """
    version: 1
    services: {ssh: tcp/22, dns: udp/53}
    networks: {left: {prefixes: [10.1.0.0/24]}, right: {prefixes: [10.2.0.0/24]}}
    hosts:
      ci: {addresses: [10.1.0.1, "2001:db8::1"]}
      agent: {addresses: [10.2.0.2, "2001:db8::2"]}
      gw: {addresses: [10.1.0.9], forwarding: gateway, routes: [{between: [left, right]}]}
    flows:
      s: {from: ci, to: agent, service: [ssh, dns], why: a test}
      t: {from: left, to: right, service: ssh, why: a test}

    """

  /// What `agent` recorded on the way out, `ci` on the way in and `gw` on the way through, of agent → ci, and which ports
  /// are no answers by all of it.
  struct Case: CustomTestStringConvertible {
    let testDescription: String
    var out: [(String, UInt64)] = []
    var into: [(String, UInt64)] = []
    var through: [String] = []
    let new: Set<String>
  }

  static let cases: [Case] = [
    Case(
      testDescription: "one packet at each end", out: [("10.1.0.1 tcp/50000", 1)],
      into: [("10.2.0.2 tcp/50000", 1)], new: ["10.1.0.1 tcp/50000", "10.2.0.2 tcp/50000"]),
    Case(
      testDescription: "its sender alone, whose packets go nowhere", out: [("10.1.0.1 tcp/50000", 9)], new: []
    ),
    Case(testDescription: "its destination alone, as forged", into: [("10.2.0.2 tcp/50000", 9)], new: []),
    Case(
      testDescription: "another port at each", out: [("10.1.0.1 tcp/50000", 1)],
      into: [("10.2.0.2 tcp/50001", 1)], new: []),
    Case(
      testDescription: "another family at each", out: [("10.1.0.1 tcp/50000", 1)],
      into: [("2001:db8::2 tcp/50000", 1)], new: []),
    Case(
      testDescription: "another protocol at each", out: [("10.1.0.1 tcp/50000", 5)],
      into: [("10.2.0.2 udp/50000", 5)], new: []),
    Case(
      testDescription: "one datagram, whose session both may have forgotten",
      out: [("10.1.0.1 udp/51820", 1)],
      into: [("10.2.0.2 udp/51820", 9)], new: []),
    Case(
      testDescription: "more datagrams", out: [("10.1.0.1 udp/51820", 2)], into: [("10.2.0.2 udp/51820", 2)],
      new: ["10.1.0.1 udp/51820", "10.2.0.2 udp/51820"]),
    Case(
      testDescription: "two ports", out: [("10.1.0.1 tcp/50000", 1), ("10.1.0.1 tcp/50001", 1)],
      into: [("10.2.0.2 tcp/50000", 1), ("10.2.0.2 tcp/50001", 1)],
      new: ["10.1.0.1 tcp/50000", "10.2.0.2 tcp/50000", "10.1.0.1 tcp/50001", "10.2.0.2 tcp/50001"]),
    Case(
      testDescription: "as many as a kernel picks, as when all sessions were lost",
      out: (0..<3).map { ("10.1.0.1 tcp/5000\($0)", 1) }, into: (0..<3).map { ("10.2.0.2 tcp/5000\($0)", 1) },
      new: []),
    Case(
      testDescription: "and between them", out: [("10.1.0.1 tcp/50000", 1)],
      into: [("10.2.0.2 tcp/50000", 1)],
      through: ["10.2.0.2 10.1.0.1 tcp/50000", "10.2.0.2 10.1.0.1 tcp/50001"],
      new: ["10.1.0.1 tcp/50000", "10.2.0.2 tcp/50000", "10.2.0.2 10.1.0.1 tcp/50000"]),
  ]

  private static func connections(
    _ host: String, _ hook: DirectionStatus.Direction, _ records: [(String, UInt64)]
  ) throws -> [RecordedConnection] {
    let policy = try policy(inventory)
    let reader = RecordReader(
      names: policy.owners.mapValues { policy[$0].name }, policy: policy,
      now: Timestamp(seconds: 1_800_000_000))
    return reader.connections(
      try direction(hook, records.map { (text: $0.0, packets: $0.1, age: 5) }), at: host)
  }

  @Test(arguments: cases) func `what was new to both ends is no answer`(it: Case) throws {
    let told = [
      try Self.connections("agent", .output, it.out), try Self.connections("ci", .input, it.into),
      try Self.connections("gw", .forward, it.through.map { ($0, 1) }),
    ]
    #expect(told.joined().allSatisfy { $0.cause?.code == "answers" })
    var bothEnds = BothEnds()
    for some in told { bothEnds.add(some) }
    let judged = told.map { bothEnds.judged($0) }
    #expect(judged.map { $0.map(\.record) } == told.map { $0.map(\.record) })
    let new = judged.joined().filter { $0.cause?.code == "no-flow" }
    let texts = it.out.map(\.0) + it.into.map(\.0) + it.through
    let expected = try texts.filter(it.new.contains).map { try record($0) }
    #expect(Set(new.map(\.record)) == Set(expected), "\(new.map(\.serviceByNumber))")
    #expect(new.allSatisfy { $0.service == $0.serviceByNumber && $0.cause?.flow == nil })
    #expect(judged.joined().count { $0.cause?.code == "answers" } == told.joined().count - expected.count)
  }

  @Test(arguments: ["tcp/50000", "udp/50000"])
  func `of what runs it is known who began, so that nothing is an answer`(_ service: String) throws {
    let policy = try policy(Self.inventory)
    let reader = RecordReader(
      names: policy.owners.mapValues { policy[$0].name }, policy: policy,
      now: Timestamp(seconds: 1_800_000_000))
    for (host, hook, peer) in [
      ("agent", DirectionStatus.Direction.output, "10.1.0.1"), ("ci", .input, "10.2.0.2"),
    ] {
      let peers = PeerList.Direction(
        hook: hook, peers: [PeerList.Peer(try record("\(peer) \(service)"), sessions: 1)])
      #expect(reader.connections(peers, at: host).map { $0.cause?.words } == ["no flow allows it"])
    }
  }
}
