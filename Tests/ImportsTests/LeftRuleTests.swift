import Diagnostics
import Imports
import InventoryText
import Nftables
import RulesetSpace
import Testing

/// Each rule that no flow could say is told.
extension RulesetImportTests {
  @Test func `each rule that is left out is told, one behind another and behind a jump, too`() throws {
    let link = Self.match(Self.meta("iifname"), "\"eth1\"")
    func port(_ port: Int) -> String { Self.match(Self.field("tcp", "dport"), "\(port)") }
    let tables = try Self.tables(
      [
        link + "," + Self.accept, Self.match(Self.meta("mark"), "7") + "," + port(22) + "," + Self.accept,
        port(80) + "," + Self.accept, link + ",{\"jump\":{\"target\":\"lan\"}}", link + ",{\"log\":null}",
      ],
      output: [],
      sets: "{\"chain\":{\"family\":\"inet\",\"table\":\"filter\",\"name\":\"lan\"}},"
        + Self.rule("lan", port(3306) + "," + Self.accept) + ","
        + Self.rule("lan", port(80) + "," + Self.accept))
    let found = try RulesetImport(tables, of: "web-1", own: own, beside: nil)
    #expect(told(found) == ["anywhere web-1 tcp-80"])
    // Port 80 passes without the rule of the link; to log is nothing that decides.
    let rules = found.left.flatMap(\.rules).map { "\($0.chain.text) \($0.index)" }
    #expect(rules == ["input 1", "input 2", "input 4", "lan 0"], "\(found.left)")
  }

  @Test func `what comes to groups, and what passes through, is told with its rules`() throws {
    let group = Self.match(Self.field("ip", "daddr"), "\"224.0.0.251\"")
    let tables = try Self.tables(
      [group + "," + Self.match(Self.field("udp", "dport"), "5353") + "," + Self.accept], output: [],
      sets:
        "{\"chain\":{\"family\":\"inet\",\"table\":\"filter\",\"name\":\"through\",\"type\":\"filter\",\"hook\":\"forward\",\"prio\":5,\"policy\":\"accept\"}}"
    )
    let found = try RulesetImport(tables, of: "web-1", own: own, beside: nil)
    let left = try #require(found.left.first { $0.words.hasPrefix("what comes to multicast groups") })
    #expect(left.rules.map(\.index) == [1])
  }

  @Test func `of rules that lead connections elsewhere none is said to be left out`() throws {
    let led =
      "{\"chain\":{\"family\":\"inet\",\"table\":\"filter\",\"name\":\"led\",\"type\":\"nat\",\"hook\":\"prerouting\",\"prio\":-100,\"policy\":\"accept\"}}"
    func redirect(_ port: Int) -> String {
      Self.rule("led", Self.match(Self.field("tcp", "dport"), "\(port)") + ",{\"redirect\":{\"port\":22}}")
    }
    let tables = try Self.tables(
      [Self.match(Self.field("tcp", "dport"), "22") + "," + Self.accept], output: [],
      sets: [led, redirect(106), redirect(107)].joined(separator: ","))
    let found = try RulesetImport(tables, of: "web-1", own: own, beside: nil)
    let left = try #require(found.left.first { $0.words.contains("led elsewhere") }, "\(found.left)")
    #expect(left.rules.count == 2 && left.again == "leads connections elsewhere as well", "\(left)")
  }

  @Test func `a direction that nothing filters is left, beside a host that is there as well`() throws {
    let tables = try Self.tables([], output: []).map { table in
      Table(
        family: table.family, name: table.name,
        chains: table.chains.filter { $0.base?.hook != .output }, sets: table.sets)
    }
    let found = try RulesetImport(tables, of: "web-1", own: own, beside: nil)
    #expect(told(found).isEmpty && found.part.text.contains("mode: {egress: leave}"), "\(found.part.text)")
    let policy = try HostImportTests.policy(
      "version: 1\nhosts: {web-1: {addresses: [10.0.1.11, \"2001:db8:1::11\"], forwarding: deny}}\n")
    let beside = try RulesetImport(tables, of: "web-1", own: own, beside: policy)
    #expect(beside.left.contains { $0.words.contains("`mode: {egress: leave}` would not") }, "\(beside.left)")
  }
}
