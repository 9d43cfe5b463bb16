import Addressing
import Nftables
import Testing

/// What `nft -j list ruleset` printed on somebody's machine: read as far as it is understood, and what is not hides
/// nothing else.
@Suite struct ListingJSONTests {
  private func listing(_ rules: String..., flags: String = "", sets: String = "") -> [UInt8] {
    let objects = rules.map { rule in
      #"{"rule": {"family": "ip", "table": "t", "chain": "c", "expr": ["# + rule + "]}}"
    }
    return Array(
      (#"{"nftables": [{"table": {"family": "ip", "name": "t""# + flags + #"}}, "#
        + #"{"chain": {"family": "ip", "table": "t", "name": "c", "type": "filter", "hook": "input", "prio": 0}}"#
        + sets + ", " + objects.joined(separator: ", ") + "]}").utf8)
  }

  private func read(_ bytes: [UInt8], _ clock: LocalClock = .utc) throws -> (
    rules: [String], errors: [String]
  ) {
    let (tables, errors) = try Table.tables(listed: bytes, clock: clock)
    #expect(tables.count == 1)
    let table = try #require(tables.first)
    let rules = try #require(table.chain("c")).rules
    return (try rules.map { try $0.text(in: table.family) }, errors.map(\.description))
  }

  private static let accept = #"{"accept": null}"#

  private func match(_ key: String, _ right: String) -> String {
    #"{"match": {"op": "==", "left": {"meta": {"key": "\#(key)"}}, "right": \#(right)}}"#
  }

  @Test func `an interface that is compared by its index is read by its name`() throws {
    let bytes = listing(
      match("iif", #""virbr0""#) + "," + Self.accept,
      match("oif", #"{"set": ["lo", "eth0"]}"#) + "," + Self.accept,
      match("iif", #""lo""#) + "," + Self.accept,
      #"{"vmap": {"key": {"meta": {"key": "iif"}}, "data": {"set": [["eth0", {"accept": null}]]}}}"#,
      #"{"match": {"op": "==", "left": {"concat": [{"meta": {"key": "iif"}}, {"meta": {"key": "l4proto"}}]}, "#
        + #""right": {"set": [{"concat": ["eth0", "tcp"]}]}}}, {"drop": null}"#)
    let (rules, errors) = try read(bytes)
    #expect(errors.isEmpty)
    #expect(
      rules == [
        #"iifname "virbr0" accept"#, #"oifname { "lo", "eth0" } accept"#, #"iif "lo" accept"#,
        #"iifname vmap { "eth0" : accept }"#, #"iifname . meta l4proto { "eth0" . tcp } drop"#,
      ])
  }

  @Test func `one rule that is not understood leaves the others, and may be anything`() throws {
    let bytes = listing(
      match("l4proto", #"{"weird": 1}"#) + "," + Self.accept,
      match("l4proto", #""no-such-protocol""#) + "," + Self.accept,
      #"{"brand new": {"a": ["b", null, true, 7]}}"#,
      #"{"log": {"level": "\u001b[31mloud"}}, {"drop": null}"#,
      Self.accept)
    let (rules, errors) = try read(bytes)
    #expect(
      rules == [
        #"(opaque json match: {"match": {"op": "==", "left": {"meta": {"key": "l4proto"}}, "right": {"weird": 1}}}) accept"#,
        #"(opaque json match: {"match": {"op": "==", "left": {"meta": {"key": "l4proto"}}, "right": "no-such-protocol"}})"#
          + " accept",
        #"(opaque json brand new: {"brand new": {"a": ["b", null, true, 7]}})"#,
        #"(opaque json log: {"log": {"level": "\u001b[31mloud"}}) drop"#, "accept",
      ])
    #expect(errors.count == 3)
    #expect(errors.allSatisfy { $0.hasPrefix("nftables[") && $0.contains("].rule.expr[0].") })
    // Of a file that we wrote everything has to be understood.
    #expect(throws: RulesetJSONError.self) { try Table.tables(fromJSON: bytes) }
  }

  @Test func `an object that is not understood is kept as one that is there`() throws {
    let bytes = listing(
      Self.accept,
      sets:
        #", {"set": {"family": "ip", "table": "t", "name": "s", "type": "ipv4_addr", "elem": ["nonsense"]}}"#
        + #", {"chain": {"family": "ip", "table": "t", "name": "d", "type": "filter", "hook": "unheard", "prio": 0}}"#
        + #", {"set": {"family": "ip", "table": "t", "name": "e", "type": "ipv4_addr"}}"#
        + #", {"element": {"family": "ip", "table": "t", "name": "e", "elem": ["192.0.2.1"]}}"#)
    let (tables, errors) = try Table.tables(listed: bytes, clock: .utc)
    #expect(errors.count == 3)
    let table = try #require(tables.first)
    #expect(table.sets.isEmpty)
    #expect(
      Set(table.others.map { "\($0.kind) \($0.name)" }) == [
        "set s", "opaque chain d", "opaque element e", "set e",
      ])
    #expect(try read(bytes).rules == ["accept"])
  }

  @Test(arguments: [#"["dormant"]"#, #""dormant""#, "1"])
  func `flags of a table that are said are read`(flags: String) throws {
    let bytes = listing(Self.accept, flags: #", "flags": \#(flags)"#)
    let (tables, errors) = try Table.tables(listed: bytes, clock: .utc)
    #expect(errors.isEmpty && tables.first?.flags == .dormant)
  }

  @Test func `flags that nft 1.0.6 prints as some text make a table that counts perhaps`() throws {
    let (rules, errors) = try read(listing("\(Self.accept)", flags: #", "flags": "Lester Gooch #5""#))
    #expect(rules == ["(opaque json flags: null)", "accept"])
    #expect(errors.count == 1)
  }

  @Test func `times are those of the clock where they were printed`() throws {
    let clock = LocalClock(ahead: 7200) { $0 - 7200 }
    let bytes = listing(
      #"{"match": {"op": "<", "left": {"meta": {"key": "time"}}, "right": "2027-04-01 02:00:00"}}, {"accept": null}"#,
      match("hour", #"{"range": ["01:30", "17:00"]}"#) + "," + Self.accept,
      match("hour", #""17:00:05""#) + "," + Self.accept,
      match("iifname", #""10:30""#) + "," + Self.accept)
    #expect(
      try read(bytes, clock).rules == [
        #"meta time < "2027-04-01 00:00:00" accept"#, #"meta hour "23:30"-"15:00" accept"#,
        #"meta hour "15:00:05" accept"#, #"iifname "10:30" accept"#,
      ])
    #expect(try read(bytes).rules.first == #"meta time < "2027-04-01 02:00:00" accept"#)
  }

  @Test func `extensions of iptables are told by their names, and travel with what they hold`() throws {
    let bytes = listing(
      #"{"xt": {"type": "match", "name": "conntrack"}}, {"accept": null}"#,
      #"{"xt": {"type": "target", "name": "LOG"}}"#, #"{"xt": {"type": "target", "name": "REJECT"}}"#,
      #"{"xt": null}, {"accept": null}"#)
    #expect(
      try read(bytes).rules == [
        "xt conntrack accept", "xt LOG", "xt REJECT reject-with icmp-port-unreachable",
        #"(opaque json xt: {"xt": null}) accept"#,
      ])
    // xt_mark_mtinfo1: mark, mask, and whether it is inverted.
    let structure: [UInt8] = [1, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0]
    let held = MatchExtension(name: "mark", revision: 1, structure: structure, family: .ipv4)
    let table = Table(
      family: .ipv4, name: "t",
      chains: [Chain(name: "c", rules: [Rule([.matchExtension(held), .verdict(.accept)])])], sets: [])
    let dump = Array("{\"nftables\":".utf8) + Table.dump([table]) + Array("}".utf8)
    #expect(try Table.tables(fromJSON: dump) == [table])
    #expect(throws: TextError.self) { try table.fileText() }
    #expect(throws: TextError.self) { try table.fileJSON() }
  }

  @Test func `a range that is compared in one step stays one, and is no text for nft`() throws {
    let rule = Rule([
      .meta(.l4Proto, into: .r1), .compare(.equal, .r1, [6]),
      .payload(base: .transport, offset: 0, length: 2, into: .r1),
      .range(negated: false, .r1, from: [0, 1], to: [0, 100]), .verdict(.accept),
    ])
    #expect(try rule.text(in: .ipv4) == "tcp sport 1-100 accept")
    let table = Table(family: .ipv4, name: "t", chains: [Chain(name: "c", rules: [rule])], sets: [])
    let dump = Array("{\"nftables\":".utf8) + Table.dump([table]) + Array("}".utf8)
    #expect(try Table.tables(fromJSON: dump) == [table])
    #expect(throws: TextError.self) { try table.fileText() }
  }

  @Test func `an interface name that ends with its NUL is the whole name`() throws {
    func rule(_ value: [UInt8]) -> Rule {
      Rule([.meta(.inputInterfaceName, into: .r1), .compare(.equal, .r1, value), .verdict(.accept)])
    }
    #expect(try rule(Array("lo\0".utf8)).text(in: .ipv4) == #"iifname "lo" accept"#)
    #expect(try rule(Array("lo".utf8)).text(in: .ipv4) == #"iifname "lo*" accept"#)
  }
}
