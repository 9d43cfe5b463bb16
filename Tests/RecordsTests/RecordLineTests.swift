import Addressing
import AgentProtocol
import Policy
import Records
import Testing

/// Recorded connections as a person would tell them.
@Suite struct RecordLineTests {
  private static let inventory = """
    version: 1
    services: {web: tcp/80, pages: [tcp/80, tcp/443], wide: tcp/1-65535, ping: icmp/echo-request}
    hosts:
      app:  {addresses: [10.0.0.1, "2001:db8::1"]}
      base: {addresses: [10.0.0.2, "2001:db8::2"]}
      side: {addresses: [10.0.0.3]}
    flows: {f: {from: app, to: base, service: [web, pages, ping], why: a test}}

    """

  private typealias Row = (text: String, packets: UInt64, age: Int)

  private static func connections(
    _ hosts: [(name: String, hook: DirectionStatus.Direction, rows: [Row])], withPolicy: Bool = true,
    since: Int? = nil
  ) throws -> [RecordedConnection] {
    let policy = try policy(inventory)
    let names = policy.owners.mapValues { policy[$0].name }
    let reader = RecordReader(
      names: names, policy: withPolicy ? policy : nil, now: Timestamp(seconds: 1_800_000_000))
    return try hosts.flatMap { host in
      reader.connections(try direction(host.hook, host.rows), at: host.name, since: since)
    }
  }

  private static func told(_ connections: [RecordedConnection], _ grouping: RecordGrouping = .connection)
    -> [String]
  {
    RecordLine.lines(over: connections, by: grouping).map { line in
      "\(line.direction): \(line.words), \(line.packets), \(line.age) s"
        + (line.cause.map { ", \($0.code)" } ?? "")
    }
  }

  @Test func `lines have names, count all addresses of a host together, and begin with the most recent`()
    throws
  {
    let connections = try Self.connections([
      (
        "base", .input,
        [
          ("10.0.0.3 tcp/80", 3, 9), ("10.0.0.1 tcp/22", 2, 5), ("2001:db8::1 tcp/22", 1, 3),
          ("203.0.113.9 icmp", 7, 60), ("10.0.0.1 esp", 1, 70),
        ]
      ),
      ("app", .output, [("203.0.113.9 tcp/443", 4, 1)]),
    ])
    #expect(
      Self.told(connections) == [
        "ingress: app → base  tcp/22, 3, 3 s, no-flow", "ingress: side → base  web, 3, 9 s, no-flow",
        "ingress: 203.0.113.9 → base  icmp, 7, 60 s, unknown-address",
        "ingress: app → base  esp, 1, 70 s, no-flow",
        "egress: app → 203.0.113.9  pages, 4, 1 s, unknown-address",
      ])
    #expect(connections.first?.service == "web" && connections.first?.record.port == 80)
  }

  @Test func `without an inventory there are addresses, ports and no causes`() throws {
    let policy = try policy(Self.inventory)
    var reader = RecordReader(names: [:], policy: nil, now: Timestamp(seconds: 0))
    let rows: [Row] = [("10.0.0.1 tcp/22", 2, 5), ("10.0.0.1 icmp/8", 1, 6)]
    let connections = reader.connections(try direction(.input, rows), at: "this host")
    #expect(
      Self.told(connections) == [
        "ingress: 10.0.0.1 → this host  tcp/22, 2, 5 s",
        "ingress: 10.0.0.1 → this host  icmp/echo-request, 1, 6 s",
      ])
    // The names of a compiled directory, which knows no flows.
    reader = RecordReader(
      names: policy.owners.mapValues { policy[$0].name }, policy: nil, now: Timestamp(seconds: 0))
    let named = reader.connections(try direction(.input, rows), at: "base")
    #expect(Self.told(named).first == "ingress: app → base  tcp/22, 2, 5 s")
  }

  @Test func `what was seen last before the time that is asked for is left out`() throws {
    let rows: [Row] = [("10.0.0.3 tcp/80", 1, 10), ("10.0.0.3 tcp/81", 1, 11)]
    #expect(try Self.connections([("base", .input, rows)], since: 10).map(\.record.port) == [80])
    #expect(try Self.connections([("base", .input, rows)], since: 9).isEmpty)
  }

  @Test(arguments: [(9, false), (10, true), (40, true)])
  func `one source that wants many ports is a scan, over all hosts that tell of it`(count: Int, isScan: Bool)
    throws
  {
    let rows = (0..<count).map { ("203.0.113.9 tcp/\(1000 + $0)", UInt64(2), $0) as Row }
    let connections = try Self.connections([
      ("base", .input, rows + [("10.0.0.1 tcp/22", 1, 500)]), ("side", .input, rows),
      ("app", .input, [("203.0.113.9 tcp/1000", 2, 100)]),
    ])
    let lines = Self.told(connections)
    if isScan {
      #expect(
        lines == [
          "ingress: 203.0.113.9  scan: \(count) ports of 3 hosts, \(4 * count + 2), 0 s, unknown-address",
          "ingress: app → base  tcp/22, 1, 500 s, no-flow",
        ])
    } else {
      // One wide service is about all of it, and its name says less than the ports.
      #expect(lines.count == 20 && !lines.contains { $0.contains("scan") }, "\(lines)")
    }
  }

  @Test(arguments: RecordGrouping.allCases, [1, 2, 5, 6])
  func `however they are gathered, the port of what looks like answers is told`(
    by grouping: RecordGrouping, of count: Int
  ) throws {
    let ports = (0..<count).map { 50_000 + $0 }
    let some = try Self.connections([
      ("app", .input, ports.map { ("10.0.0.2 tcp/\($0)", 1, 5) }),
      // The same by the other family is the same port.
      ("app", .input, ports.map { ("2001:db8::2 tcp/\($0)", 1, 5) }),
    ])
    #expect(some.allSatisfy { $0.cause?.code == "answers" })
    let lines = Self.told(some, grouping)
    let told =
      switch (grouping, count) {
      case (.source, 1), (.host, 1): "tcp/50000"
      case (.source, _), (.host, _): "\(count) ports"
      case (_, 1): "tcp answers to port 50000"
      case (_, 6): "tcp answers to 6 ports"
      default: "tcp answers to ports \(ports.map { "\($0)" }.joined(separator: ", "))"
      }
    #expect(lines.count == 1 && lines[0].contains(told), "\(lines)")
  }

  @Test func `answers to many ports are no scan, and one line`() throws {
    let rows = (0..<40).map { ("10.0.0.2 tcp/\(40_000 + $0)", UInt64(2), $0) as Row }
    let some = try Self.connections([("app", .input, rows + [("10.0.0.2 tcp/23", 1, 50)])])
    #expect(
      Self.told(some) == [
        "ingress: base → app  tcp answers to 40 ports, 80, 0 s, answers",
        "ingress: base → app  tcp/23, 1, 50 s, no-flow",
      ])
  }

  @Test func `what a flow is about is told beside a scan, unless that is as much as a scan`() throws {
    // The flow is the other way.
    let rows = (1...12).map { ("10.0.0.2 udp/\($0)", UInt64(1), $0) as Row }
    let some = try Self.connections([("app", .input, rows + [("10.0.0.2 tcp/80", 1, 0)])])
    #expect(
      Self.told(some) == [
        "ingress: base → app  web, 1, 0 s, other-way",
        "ingress: base  scan: 12 ports of app, 12, 1 s, no-flow",
      ])
    // Alone it is no scan.
    let few = try Self.connections([("app", .input, rows.prefix(9) + [("10.0.0.2 tcp/80", 1, 0)])])
    #expect(Self.told(few) == ["ingress: base  scan: 10 ports of app, 10, 0 s"])
  }

  @Test func `one source that wants something of many is a scan, also on its way out`() throws {
    let rows = (1...12).map { ("203.0.113.\($0) tcp/443", UInt64(1), $0) as Row }
    let connections = try Self.connections([("app", .output, rows)], withPolicy: false)
    #expect(Self.told(connections) == ["egress: app  scan: tcp/443 of 12 addresses, 12, 1 s"])
    let mixed = try Self.connections(
      [("app", .output, rows + [("203.0.113.1 icmp", 1, 0)])], withPolicy: false)
    #expect(Self.told(mixed) == ["egress: app  scan: 2 services of 12 addresses, 13, 0 s"])
  }

  @Test func `lines are gathered by source, service or destination`() throws {
    let connections = try Self.connections([
      ("base", .input, [("10.0.0.1 tcp/22", 2, 5), ("10.0.0.3 tcp/80", 3, 9), ("10.0.0.1 udp/53", 1, 2)]),
      ("side", .input, [("10.0.0.1 tcp/22", 1, 7)]),
    ])
    #expect(
      Self.told(connections, .source) == [
        "ingress: app → 2 ports of 2 hosts, 4, 2 s, no-flow", "ingress: side → web of base, 3, 9 s, no-flow",
      ])
    #expect(
      Self.told(connections, .service) == [
        "ingress: udp/53  app → base, 1, 2 s, no-flow", "ingress: tcp/22  app → 2 hosts, 3, 5 s, no-flow",
        "ingress: web  side → base, 3, 9 s, no-flow",
      ])
    #expect(
      Self.told(connections, .host) == [
        "ingress: 2 sources → base  3 ports, 6, 2 s, no-flow", "ingress: app → side  tcp/22, 1, 7 s, no-flow",
      ])
  }

  @Test func `packets that are more than can be counted are as many as can be`() throws {
    let rows: [Row] = [("10.0.0.1 tcp/22", .max, 5), ("2001:db8::1 tcp/22", 3, 5)]
    #expect(RecordLine.lines(over: try Self.connections([("base", .input, rows)])).map(\.packets) == [.max])
  }

  @Test func `the order in which hosts tell changes nothing`() throws {
    let rows: [Row] = (0..<30).map { ("10.0.0.\($0 % 5) tcp/\(20 + $0 % 7)", UInt64($0 % 3), $0 % 4) }
    let lines = try [rows, rows.reversed(), rows.shuffled()].map { rows in
      Self.told(try Self.connections([("base", .input, rows), ("side", .input, rows)]))
    }
    #expect(Set(lines).count == 1 && !lines[0].isEmpty)
  }

  @Test func `what came last before the mode was what it is, is of another time`() throws {
    let reader = RecordReader(names: [:], policy: nil, now: Timestamp(seconds: 0))
    let plain = try direction(.input, [("10.0.0.1 tcp/22", 2, 60)])
    func read(firstAge: Int?, inMode: Int?) -> RecordedConnection? {
      let entries = plain.entries.map {
        RecordList.Entry($0.record, packets: 2, bytes: 120, age: $0.age, firstAge: firstAge)
      }
      let direction = RecordList.Direction(
        hook: .input, mode: .enforce, memory: 86_400, isFull: false, entries: entries, untold: 0,
        inMode: inMode)
      return reader.connections(direction, at: "this host").first
    }
    let cases: [(firstAge: Int?, inMode: Int?, expected: RecordedConnection.InOtherMode)] = [
      (90, nil, .nothing), (nil, nil, .nothing), (90, 100, .nothing), (90, 90, .perhaps), (90, 70, .perhaps),
      (nil, 70, .perhaps), (90, 59, .everything), (nil, 0, .everything),
    ]
    for (firstAge, inMode, expected) in cases {
      let connection = try #require(read(firstAge: firstAge, inMode: inMode))
      #expect(connection.inOtherMode == expected, "\(firstAge as Int?) \(inMode as Int?)")
      #expect(RecordLine.lines(over: [connection]).map(\.isInOtherMode) == [expected == .everything])
    }
  }
}
