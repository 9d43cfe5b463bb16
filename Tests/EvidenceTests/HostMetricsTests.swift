import Addressing
import AgentProtocol
import ChildProcess
import Diagnostics
import Evidence
import Foundation
import Goldens
import Policy
import Testing

/// Metrics of made-up hosts: their names, their bounds, and what is made of them.
@Suite struct HostMetricsTests {
  private static let now = Timestamp(seconds: 1_800_000_000)

  private static func direction(_ hook: DirectionStatus.Direction, _ mode: DirectionStatus.Mode)
    -> DirectionStatus
  {
    DirectionStatus(
      hook: hook, mode: mode, packets: 7, records: 3, areRecordsFull: false, invalid: 2,
      unrecorded: Unrecorded(overShare: 1, overPace: 2, full: 3), spoofed: 1)
  }

  private static func record(_ peer: String, _ packets: UInt64) throws -> RecordList.Entry {
    RecordList.Entry(
      Recorded.Record(peer: try Address(parsing: peer), destination: nil, ipProtocol: .tcp, port: 22),
      packets: packets, bytes: 60, age: 5)
  }

  /// Of everything something, so that every family has samples.
  private static func figures(flows: Int = 2) throws -> HostFigures {
    var status = HostStatus(
      generation: 1,
      table: TableStatus(
        isOwned: false, isDormant: false,
        directions: [direction(.input, .enforce), direction(.output, .observe)],
        chains: 4, rules: 5, sets: 6, elements: 7, trialLeft: 61_500),
      foreignChains: [], confirmed: ConfirmedStatus(revision: 3, time: 1_799_990_000, isDrifted: true),
      flushing: [], sessions: SessionCount(count: 10, limit: 100))
    let peer = try Address(parsing: "10.0.0.9")
    status.quarantine = [
      QuarantineStatus(
        address: peer, host: "", since: 1, until: nil, isInForce: false, by: "ops", why: "test")
    ]
    status.tripped = [TripStatus(address: peer, tripwires: ["scan"], since: 1, until: 2, isCut: true)]
    var usage = UsageList(
      uses: (0..<flows).map { number in
        UsageList.Use(
          flow: "flow-\(String(number + 10_000).dropFirst())", hook: .input, service: "ssh", packets: 1,
          bytes: 60,
          known: 100, first: 50, last: 20, lastAfter: 40, gone: nil)
      }, untold: 0, watched: 100, gaps: [])
    usage.live = [UsageList.Live(flow: "flow-0000", hook: .input, sessions: 4)]
    let records = RecordList(directions: [
      RecordList.Direction(
        hook: .input, mode: .enforce, memory: 60, isFull: false,
        entries: [
          try record("203.0.113.9", 5), try record("10.0.0.2", 1), try record("10.0.0.1", 2),
          try record("198.51.100.1", .max), try record("198.51.100.2", 8),
        ], untold: 0),
      RecordList.Direction(
        hook: .output, mode: .observe, memory: 60, isFull: false, entries: [try record("192.168.1.1", 4)],
        untold: 0),
    ])
    return HostFigures(status: status, usage: usage, records: records, differing: 9)
  }

  private static func text(flows: Int = 2, policy: Policy? = nil) throws -> String {
    MetricText.of(
      HostMetrics(
        [("web-1", try figures(flows: flows)), ("gone-1", nil)], policy: policy, at: now, version: "1.0"
      ).families)
  }

  /// The families that there are, with samples or without.
  private static func names() throws -> Set<String> {
    Set(
      HostMetrics([("h", try figures())], policy: nil, at: now, version: "1").families.map(\.name)
    )
  }

  @Test func `what is known has a sample, and what is not has none`() throws {
    let text = try Self.text()
    for line in [
      #"sekisho_host_up{host="gone-1"} 0"#, #"sekisho_drifted{host="web-1"} 1"#,
      #"sekisho_denied_packets_total{host="web-1",direction="input"} 7"#,
      #"sekisho_observed_packets_total{host="web-1",direction="output"} 7"#,
      #"sekisho_trial_remaining_seconds{host="web-1"} 61"#, #"sekisho_pending_objects{host="web-1"} 9"#,
      #"sekisho_quarantined_addresses_missing{host="web-1"} 1"#,
      #"sekisho_tripwire_addresses{host="web-1",tripwire="scan"} 1"#,
      #"sekisho_flow_last_used_timestamp_seconds{host="web-1",flow="flow-0000",direction="input"} 1799999980"#,
      #"sekisho_flow_sessions{host="web-1",flow="flow-0000",direction="input"} 4"#,
      #"sekisho_unrecorded_packets_total{host="web-1",direction="input",reason="full"} 3"#,
      #"sekisho_recorded_observed_packets{host="web-1",direction="output",peer="private addresses"} 4"#,
      // What a host says may be any number; a sum of it does not wrap.
      #"sekisho_recorded_denied_packets{host="web-1",direction="input",peer="public addresses"} \#(UInt64.max)"#,
    ] {
      #expect(text.contains("\n\(line)\n"), "\(line)")
    }
    #expect(!text.contains(#"sekisho_denied_packets_total{host="web-1",direction="output"}"#))
    #expect(!text.contains(#"{host="gone-1"} 1"#))
    #expect(!text.contains("10.0.0.9"), "an address is no label")
  }

  @Test func `peers are counted by zone, and by the narrowest network`() throws {
    let policy = try Self.policy()
    let groups = PeerGroups(policy)
    for (address, name) in [
      ("10.0.0.1", "app"), ("10.0.0.2", "no zone"), ("203.0.113.9", "desk"), ("203.0.113.200", "office"),
      ("192.168.0.1", "private addresses"), ("fd00::1", "private addresses"), ("8.8.8.8", "public addresses"),
    ] {
      #expect(groups.name(of: try Address(parsing: address)) == name, "\(address)")
    }
  }

  private static func policy() throws -> Policy {
    try EvidenceFixture.policy(
      """
      version: 1
      zones: {app: {}}
      networks: {office: {prefixes: [203.0.113.0/24]}, desk: {prefixes: [203.0.113.0/28]}}
      services: {ssh: tcp/22}
      hosts:
        a: {addresses: [10.0.0.1], zone: app}
        b: {addresses: [10.0.0.2]}
      flows:
        f: {from: [office, desk], to: a, service: ssh, why: test}
      """)
  }

  @Test func `more flows than are told apart are one`() throws {
    let text = try Self.text(flows: 1500)
    let lines = text.split(separator: "\n").filter { $0.hasPrefix("sekisho_flow_connections_total") }
    #expect(lines.count == HostMetrics.mostFlows + 1)
    #expect(lines.contains { $0.contains(#"flow="(other)""#) && $0.hasSuffix(" 500") })
    #expect(lines.contains { $0.contains("flow-0999") } && !lines.contains { $0.contains("flow-1000") })
  }

  @Test func `with an inventory, labels have names of it alone`() throws {
    let told = try Self.figures(flows: 40)
    let figures = HostFigures(
      status: told.status,
      usage: UsageList(
        uses: (told.usage?.uses ?? [])
          + [
            UsageList.Use(
              flow: "f", hook: .input, service: "ssh", packets: 3, bytes: 60, known: 9, first: 8, last: 2,
              lastAfter: 4, gone: nil)
          ], untold: 0, watched: 100, gaps: []), records: told.records, differing: 0)
    let families = HostMetrics([("a", figures)], policy: try Self.policy(), at: Self.now, version: "1")
      .families
    let lines = MetricText.of(families).split(separator: "\n")
    #expect(lines.contains(#"sekisho_flow_connections_total{host="a",flow="f",direction="input"} 3"#))
    // Forty flows that no inventory has are one, and a tripwire that it does not have.
    #expect(
      lines.contains(#"sekisho_flow_connections_total{host="a",flow="(unknown)",direction="input"} 40"#))
    #expect(lines.contains(#"sekisho_tripwire_addresses{host="a",tripwire="(unknown)"} 1"#))
    #expect(!lines.contains { $0.contains("flow-00") || $0.contains("scan") })
  }

  @Test func `a value of a label cannot end it`() throws {
    let families = HostMetrics(
      [("a\"} 1\nevil{x=\"\\", nil)], policy: nil, at: Self.now, version: "1"
    ).families
    #expect(MetricText.of(families).contains(#"sekisho_host_up{host="a\"} 1\nevil{x=\"\\"} 0"#))
  }

  @Test func `docs/metrics.md has every metric, and no other`() throws {
    let page = try String(contentsOfFile: "\(Golden.root)/docs/metrics.md", encoding: .utf8)
    let rows = page.split(separator: "\n").filter { $0.hasPrefix("| `sekisho_") }
    let named = rows.flatMap {
      $0.split(separator: "|")[0].matches(of: /`(sekisho_[a-z_]+)`/).map { String($0.1) }
    }
    #expect(Set(named) == (try Self.names()))
    #expect(named.count == Set(named).count)
  }

  @Test(arguments: ["alerts.yml", "alerts.test.yml", "dashboard.json"])
  func `alerts and dashboard ask for metrics that there are`(file: String) throws {
    let text = try String(contentsOfFile: "\(Golden.root)/packaging/prometheus/\(file)", encoding: .utf8)
    let used = Set(text.matches(of: /sekisho_[a-z_]+/).map { String($0.0) })
    #expect(used.count > 10)
    #expect(used.subtracting(try Self.names()).isEmpty)
  }

  @Test func `the dashboard is JSON, and each panel asks for something`() throws {
    let data = try Data(contentsOf: URL(filePath: "\(Golden.root)/packaging/prometheus/dashboard.json"))
    let board = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    let panels = try #require(board["panels"] as? [[String: Any]])
    #expect(panels.count > 10)
    for panel in panels {
      let targets = try #require(panel["targets"] as? [[String: Any]])
      #expect(targets.allSatisfy { ($0["expr"] as? String)?.contains("sekisho_") ?? false })
    }
  }

  @Test(.enabled(if: promtool != nil, "promtool (Debian's prometheus) is not here"))
  func `promtool accepts the metrics, and has each alert fire and rest`() throws {
    let promtool = try #require(Self.promtool)
    let file = FileManager.default.temporaryDirectory.appending(path: "metrics-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: file) }
    try Self.text().write(to: file, atomically: true, encoding: .utf8)
    let place = "\(Golden.root)/packaging/prometheus"
    for command in [
      "\(promtool) check metrics < \(file.path)", "\(promtool) check rules \(place)/alerts.yml",
      "\(promtool) test rules \(place)/alerts.test.yml",
    ] {
      let told = ChildProcess.run(["sh", "-c", command])
      #expect(told.status == 0, "\(command): \(told.output)")
    }
    // Of each alert one test that fires and one that rests.
    let alerts = try String(contentsOfFile: "\(place)/alerts.yml", encoding: .utf8)
    let tests = try String(contentsOfFile: "\(place)/alerts.test.yml", encoding: .utf8)
    for alert in alerts.matches(of: /- alert: (\w+)/).map({ String($0.1) }) {
      #expect(tests.contains("name: \(alert) fires") && tests.contains("name: \(alert) rests"), "\(alert)")
    }
  }

  /// Of the machine, or unpacked beside what was built.
  private static let promtool: String? = [
    "/usr/bin/promtool", "\(Golden.root)/.build/evidence/tree/usr/bin/promtool",
  ].first { FileManager.default.isExecutableFile(atPath: $0) }
}
