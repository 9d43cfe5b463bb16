import Nftables
import Testing

/// What nft(8) leaves out of its JSON, and statements that nobody knows.
@Suite struct DumpGapTests {
  private func misunderstood(_ statements: String) throws -> [String] {
    let text = """
      {"nftables": [{"table": {"family": "ip", "name": "filter", "handle": 1}},
      {"chain": {"family": "ip", "table": "filter", "name": "INPUT", "handle": 1, "type": "filter", "hook": "input", "prio": 0, "policy": "drop"}},
      {"rule": {"family": "ip", "table": "filter", "chain": "INPUT", "handle": 2, "expr": [\(statements)]}}]}
      """
    return try Table.tables(listed: Array(text.utf8), clock: .utc).misunderstood.map { "\($0)" }
  }

  @Test func `extensions without what they hold are named`() throws {
    let gaps = try misunderstood(#"{"xt": {"type": "match", "name": "conntrack"}}, {"accept": null}"#)
    #expect(
      gaps == [
        #"nftables[2].rule.expr[0].xt: the dump does not say what "conntrack" holds; read the ruleset on its host"#
      ])
  }

  @Test func `statements that nobody knows are named`() throws {
    let gaps = try misunderstood(#"{"counter": null}, {"frobnicate": {}}, {"accept": null}"#)
    #expect(gaps == ["nftables[2].rule.expr[1].frobnicate: what it does is not known"])
  }

  @Test(arguments: [
    #"{"mangle": {"key": {"tcp option": {"name": "maxseg", "field": "size"}}, "value": 1300}}"#,
    #"{"mangle": {"key": {"payload": {"protocol": "ip", "field": "dscp"}}, "value": 8}}"#,
    #"{"match": {"op": "==", "left": {"exthdr": {"name": "frag"}}, "right": true}}, {"drop": null}"#,
    #"{"counter": "named"}, {"limit": "named"}, {"notrack": null}"#,
  ]) func `what is known well enough is not`(statements: String) throws {
    #expect(try misunderstood(statements) == [])
  }
}
