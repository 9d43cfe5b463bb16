import Nftables
import Testing

/// Rules as a listing of nft(8) gives them, where it says less than the kernel has.
@Suite struct ListedRuleTests {
  private static let family = #"{"match":{"op":"==","left":{"meta":{"key":"nfproto"}},"right":"ipv4"}}"#
  private static let transport =
    #"{"match":{"op":"==","left":{"meta":{"key":"l4proto"}},"right":{"set":["tcp","udp"]}}}"#
  private static let source =
    #"{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"10.0.0.1"}}"#

  @Test func `a match that a later field implies is where the other has it`() throws {
    let wanted = try table("\(Self.family),\(Self.transport),\(Self.source)")
    let listed = try table("\(Self.transport),\(Self.source)")
    #expect(wanted != listed)
    #expect(wanted.told(as: listed) == listed)
    #expect(listed.told(as: wanted) == wanted)
  }

  @Test func `rules with other words stay others`() throws {
    let wanted = try table("\(Self.family),\(Self.transport),\(Self.source)")
    for other in [
      "\(Self.transport),\(Self.source.replacing("==", with: "!="))", Self.source, Self.transport,
      "\(Self.transport),\(Self.source.replacing("10.0.0.1", with: "10.0.0.2"))",
      "\(Self.source),\(Self.transport)",
    ] {
      let listed = try table(other)
      #expect(wanted.told(as: listed) == wanted, "\(other)")
    }
  }

  /// By its code alone a rejection of one family reads like another of the other.
  @Test func `a rejection keeps its family`() throws {
    func rejecting(_ type: String, _ code: String) throws -> Table {
      try table(#"{"reject":{"type":"\#(type)","expr":"\#(code)"}}"#)
    }
    let (one, other) = (
      try rejecting("icmp", "host-unreachable"), try rejecting("icmpv6", "admin-prohibited")
    )
    #expect(one != other && one.told(as: other) == one && other.told(as: one) == other)
  }

  @Test func `of two rules with the same words each is one`() throws {
    let rule = "\(Self.family),\(Self.transport),\(Self.source)"
    let (one, two) = (try table(rule), try table(rule, rule))
    let listed = try table("\(Self.transport),\(Self.source)")
    #expect(two.told(as: listed).chains[0].rules == [listed.chains[0].rules[0], one.chains[0].rules[0]])
  }

  private func table(_ rules: String...) throws -> Table {
    let objects =
      [
        #"{"table":{"family":"inet","name":"t"}}"#,
        #"{"chain":{"family":"inet","table":"t","name":"c"}}"#,
      ] + rules.map { #"{"rule":{"family":"inet","table":"t","chain":"c","expr":[\#($0)]}}"# }
    return try #require(
      Table.tables(fromJSON: Array(#"{"nftables":[\#(objects.joined(separator: ","))]}"#.utf8)).first)
  }
}
