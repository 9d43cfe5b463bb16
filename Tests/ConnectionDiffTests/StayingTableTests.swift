import Addressing
import ConnectionDiff
import Nftables
import Policy
import Testing

/// Tables of others, which stay as they are while Sekisho's own changes.
@Suite struct StayingTableTests {
  private static let before = """
    {"table":{"family":"inet","name":"sekisho"}},
    {"chain":{"family":"inet","table":"sekisho","name":"input","type":"filter","hook":"input","prio":0,"policy":"drop"}}
    """
  private static let after =
    before + """
      ,{"rule":{"family":"inet","table":"sekisho","chain":"input","expr":[
        {"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":5432}},{"accept":null}]}}
      """

  /// What others have, and whether what Sekisho's table opens then passes.
  static let others: [(rules: String, isOpened: Bool)] = [
    (
      #"{"match":{"op":"!=","left":{"fib":{"result":"type","flags":["daddr"]}},"right":"local"}},{"drop":null}"#,
      true
    ),
    (
      #"{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":5432}},{"drop":null}"#,
      false
    ),
    (
      #"{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"eth9"}},{"goto":{"target":"services"}}"#,
      true
    ),
    (#"{"goto":{"target":"services"}}"#, true),
  ]

  @Test(arguments: others)
  func `what opens is told whatever other tables look like`(rules: String, isOpened: Bool) throws {
    let staying = try tables(
      """
      {"table":{"family":"inet","name":"filter"}},
      {"chain":{"family":"inet","table":"filter","name":"input","type":"filter","hook":"input","prio":0,"policy":"accept"}},
      {"chain":{"family":"inet","table":"filter","name":"services"}},
      {"rule":{"family":"inet","table":"filter","chain":"services","expr":[
        {"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"192.0.2.1"}},{"drop":null}]}},
      {"rule":{"family":"inet","table":"filter","chain":"services","expr":[{"accept":null}]}},
      {"rule":{"family":"inet","table":"filter","chain":"input","expr":[\(rules)]}}
      """)
    for hosts in 1...2 {
      let changes = try (1...hosts).map { number in
        HostRulesets(
          name: "h\(number)", addresses: [Address(.ipv4, 0x0a00_0000 + UInt128(number))],
          old: try tables(Self.before), new: try tables(Self.after), staying: staying, flows: [])
      }
      let diff = try ConnectionDiff(of: changes, compiledFrom: nil, at: Timestamp(seconds: 0))
      let told = (diff.opened + diff.mayOpen).filter { line in line.to.hosts.contains("h1") }
      #expect(told.isEmpty != isOpened, "\(diff.opened) \(diff.mayOpen)")
      #expect(diff.closed.isEmpty && diff.modes.isEmpty)
    }
  }

  private func tables(_ objects: String) throws -> [Table] {
    try Table.tables(fromJSON: Array("{\"nftables\":[\(objects)]}".utf8))
  }
}
