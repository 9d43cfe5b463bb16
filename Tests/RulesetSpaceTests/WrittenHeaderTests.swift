import Addressing
import ConnectionSpace
import Nftables
import RulesetSpace
import Testing

/// Listings with statements that ask for further headers, write into headers, or do what is not known.
@Suite struct WrittenHeaderTests {
  private static func accept(_ matches: String...) -> String {
    #"{"rule": {"family": "inet", "table": "t", "chain": "in", "expr": [\#((matches + [#"{"accept": null}"#]).joined(separator: ", "))]}}"#
  }

  private static func early(_ statements: String...) -> String {
    #"{"rule": {"family": "inet", "table": "t", "chain": "early", "expr": [\#(statements.joined(separator: ", "))]}}"#
  }

  private static func equals(_ header: String, _ field: String, _ value: String) -> String {
    #"{"match": {"op": "==", "left": {"payload": {"protocol": "\#(header)", "field": "\#(field)"}}, "right": \#(value)}}"#
  }

  /// What goes in by a ruleset that drops what no rule accepts, with a chain ahead of connection tracking.
  private func space(_ rules: String...) throws -> RulesetSpace {
    let objects = [
      #"{"table": {"family": "inet", "name": "t"}}"#,
      #"{"chain": {"family": "inet", "table": "t", "name": "early", "type": "filter", "hook": "prerouting", "prio": -300, "policy": "accept"}}"#,
      #"{"chain": {"family": "inet", "table": "t", "name": "in", "type": "filter", "hook": "input", "prio": 0, "policy": "drop"}}"#,
    ]
    let text = #"{"nftables": [\#((objects + rules).joined(separator: ", "))]}"#
    let tables = try Table.tables(listed: Array(text.utf8), clock: .utc).tables
    return try RulesetSpace(tables, .ingress, in: Universe())
  }

  private func fate(_ space: RulesetSpace, _ family: AddressFamily, _ ipProtocol: IPProtocol, _ kind: UInt16)
    -> String
  {
    let (from, to) = (
      Address(family, family == .ipv4 ? 0x0a00_0001 : 0x2001 << 112 | 1),
      Address(family, family == .ipv4 ? 0x0a00_0002 : 0x2001 << 112 | 2)
    )
    let point = Point(.ingress, from: from, to: to, ipProtocol, kind: kind)
    return space.lower.contains(point) ? "passes" : space.upper.contains(point) ? "perhaps" : "stopped"
  }

  @Test func `that a header of IPv6 is missing says nothing of IPv4`() throws {
    let missing = #"{"match": {"op": "==", "left": {"exthdr": {"name": "frag"}}, "right": false}}"#
    let space = try space(Self.accept(missing, Self.equals("tcp", "dport", "80")))
    #expect(fate(space, .ipv6, .tcp, 80) == "passes")
    #expect(fate(space, .ipv4, .tcp, 80) == "stopped")
    #expect(fate(space, .ipv6, .tcp, 81) == "stopped")
  }

  @Test func `a type that is written is the one that chains behind it see`() throws {
    let write = #"{"mangle": {"key": {"payload": {"protocol": "icmp", "field": "type"}}, "value": 13}}"#
    let space = try space(
      Self.early(write), Self.accept(Self.equals("icmp", "type", "13")),
      Self.accept(Self.equals("tcp", "dport", "80")))
    #expect(fate(space, .ipv4, .icmp, 8) == "perhaps")
    #expect(fate(space, .ipv4, .tcp, 80) == "passes")
    #expect(fate(space, .ipv4, .tcp, 81) == "stopped")
  }

  @Test func `what is not known may make any packet of what it is asked about, and of nothing else`() throws {
    let space = try space(
      Self.early(Self.equals("tcp", "dport", "81"), #"{"frobnicate": {}}"#),
      Self.accept(Self.equals("tcp", "dport", "80")))
    #expect(fate(space, .ipv4, .tcp, 80) == "passes")
    #expect(fate(space, .ipv4, .tcp, 81) == "perhaps")
    #expect(fate(space, .ipv4, .tcp, 82) == "stopped")
  }

  @Test func `a match of which the dump has only the name ends no packet's way, and writes nothing`() throws {
    let space = try space(
      Self.early(#"{"xt": {"type": "match", "name": "comment"}}"#, #"{"counter": null}"#),
      Self.accept(Self.equals("tcp", "dport", "80")))
    #expect(fate(space, .ipv4, .tcp, 80) == "passes")
    #expect(fate(space, .ipv4, .tcp, 82) == "stopped")
  }
}
