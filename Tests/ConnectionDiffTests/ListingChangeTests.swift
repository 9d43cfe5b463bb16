import Addressing
import ConnectionDiff
import ConnectionSpace
import Nftables
import Policy
import PolicyFixtures
import RulesetSpace
import Testing

/// Two listings of one host, as nft(8) prints them: what differs between them is told, or that it is not known.
@Suite struct ListingChangeTests {
  private static let now = Timestamp(seconds: 1_800_000_000)

  /// Rules of the chain for what comes in, and of the chain for what passes through, on both sides.
  struct Case: CustomTestStringConvertible, Sendable {
    let testDescription: String
    var old: (input: [String], forward: [String]) = ([], [])
    var new: (input: [String], forward: [String]) = ([], [])
    /// `in by eth0: + tcp/22`.
    let told: [String]
    var notProven = false
  }

  private static func meta(_ key: String, _ name: String, _ sign: String = "==") -> String {
    #"{"match":{"op":"\#(sign)","left":{"meta":{"key":"\#(key)"}},"right":\#(name)}}"#
  }
  private static func port(_ port: Int) -> String {
    #"{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":\#(port)}}"#
  }
  private static func by(_ name: String) -> String { meta("iifname", "\"\(name)\"") }
  private static func to(_ name: String) -> String { meta("oifname", "\"\(name)\"") }
  private static let accept = #"{"accept":null}"#
  private static let drop = #"{"drop":null}"#
  private static let established =
    #"{"match":{"op":"in","left":{"ct":{"key":"state"}},"right":["established","related"]}}"#
  private static let invalid = #"{"match":{"op":"in","left":{"ct":{"key":"state"}},"right":"invalid"}}"#
  private static let acknowledges = #"""
    {"match":{"op":"==","left":{"&":[{"payload":{"protocol":"tcp","field":"flags"}},["syn","ack"]]},"right":"ack"}}
    """#
  private static func rule(_ parts: String...) -> String { parts.joined(separator: ",") }
  private static func limit(_ rate: Int) -> String {
    #"{"limit":{"rate":\#(rate),"burst":5,"per":"second"}}"#
  }
  private static func among(_ names: String...) -> String {
    meta("iifname", "{\"set\":[\(names.map { "\"\($0)\"" }.joined(separator: ","))]}")
  }
  private static func pair(_ name: String, _ port: Int) -> String {
    #"""
    {"match":{"op":"==","left":{"concat":[{"meta":{"key":"iifname"}},{"payload":{"protocol":"tcp","field":"dport"}}]},
    "right":{"set":[{"concat":["\#(name)",\#(port)]}]}}}
    """#
  }

  static let cases: [Case] = [
    Case(testDescription: "nothing", told: []),
    Case(
      testDescription: "a port opens by every link",
      new: ([rule(port(22), accept)], []), told: ["in: + tcp/22"]),
    Case(
      testDescription: "a port opens by one link",
      old: ([rule(by("eth1"), port(22), accept)], []),
      new: ([rule(by("eth1"), port(22), accept), rule(by("eth0"), port(22), accept)], []),
      told: ["in by eth0: + tcp/22"]),
    Case(
      testDescription: "what one link had another gets",
      old: ([rule(by("eth0"), port(22), accept)], []), new: ([rule(by("eth1"), port(22), accept)], []),
      told: ["in by eth0: - tcp/22", "in by eth1: + tcp/22"]),
    Case(
      testDescription: "all links but one",
      new: ([rule(meta("iifname", "\"eth0\"", "!="), port(22), accept)], []),
      told: ["in by lo, other links: + tcp/22"]),
    Case(
      testDescription: "a name among those that begin alike",
      old: ([rule(by("br-a"), drop), rule(by("br-*"), port(22), accept)], []),
      new: ([rule(by("br-*"), port(22), accept)], []), told: ["in by br-a: + tcp/22"]),
    Case(
      testDescription: "a set of names loses one",
      old: ([rule(among("a", "b"), port(22), accept)], []),
      new: ([rule(among("a"), port(22), accept)], []), told: ["in by b: - tcp/22"]),
    Case(
      testDescription: "a name together with a port",
      old: ([rule(pair("eth0", 22), accept)], []), new: ([rule(pair("eth0", 23), accept)], []),
      told: ["in by eth0: + tcp/23 - tcp/22"]),
    Case(
      testDescription: "what a host sends itself",
      old: ([rule(by("lo"), port(22), accept)], []), told: ["in by lo: - tcp/22"]),
    Case(
      testDescription: "what a host sends itself, by the number of its link",
      new: ([rule(meta("iif", "\"lo\""), port(22), accept)], []), told: ["in by lo: + tcp/22"]),
    Case(
      testDescription: "a port, where what a host sends itself passes",
      old: ([rule(by("lo"), accept)], []), new: ([rule(by("lo"), accept), rule(port(22), accept)], []),
      told: ["in: + tcp/22"]),
    Case(
      testDescription: "answers",
      old: ([rule(established, accept), rule(port(22), accept)], []), new: ([rule(port(22), accept)], []),
      told: ["in: answers-"]),
    Case(
      testDescription: "answers, where the same is let in",
      old: ([rule(port(22), accept)], [rule(established, accept)]),
      new: ([rule(port(22), accept)], [rule(established, accept), rule(port(22), accept)]),
      told: ["through: + tcp/22"]),
    Case(
      testDescription: "what belongs to no connection",
      old: ([rule(established, accept), rule(port(22), accept)], []),
      new: ([rule(established, accept), rule(invalid, accept), rule(port(22), accept)], []),
      told: ["in: + icmp but echo-request,timestamp-request,info-request,address-mask-request"],
      notProven: true),
    Case(
      testDescription: "what begins a connection without a SYN",
      old: ([rule(established, accept), rule(port(22), accept)], []),
      new: ([rule(established, accept), rule(acknowledges, accept), rule(port(22), accept)], []), told: [],
      notProven: true),
    Case(
      testDescription: "a port, where what belongs to no connection is stopped",
      old: ([rule(established, accept), rule(invalid, drop)], []),
      new: ([rule(established, accept), rule(invalid, drop), rule(port(22), accept)], []),
      told: ["in: + tcp/22"]),
    Case(
      testDescription: "from one link to another",
      new: ([], [rule(by("eth0"), to("eth1"), port(22), accept)]),
      told: ["through from eth0 to eth1: + tcp/22"]),
    Case(
      testDescription: "to one link from any",
      new: ([], [rule(to("eth1"), port(22), accept)]), told: ["through to eth1: + tcp/22"]),
    Case(
      testDescription: "another rate",
      old: ([rule(port(22), limit(5), accept)], []), new: ([rule(port(22), limit(9), accept)], []), told: [],
      notProven: true),
    Case(
      testDescription: "the same rate",
      old: ([rule(port(22), limit(5), accept)], []), new: ([rule(port(22), limit(5), accept)], []), told: []),
    Case(
      testDescription: "a counter",
      old: ([rule(port(22), limit(5), accept)], []),
      new: ([rule(port(22), limit(5), #"{"counter":{"packets":7,"bytes":99}}"#, accept)], []), told: []),
    Case(
      testDescription: "another rate, and a port",
      old: ([rule(port(22), limit(5), accept)], []),
      new: ([rule(port(22), limit(9), accept), rule(port(23), accept)], []), told: ["in: + tcp/23"],
      notProven: true),
    Case(
      testDescription: "more links than are looked at one by one",
      old: ((0..<70).map { rule(by("eth\($0)"), port(22), accept) }, []),
      new: ((1..<71).map { rule(by("eth\($0)"), port(22), accept) }, []), told: [], notProven: true),
  ]

  private static func tables(_ rules: (input: [String], forward: [String])) throws -> [Table] {
    var objects = [#"{"table":{"family":"ip","name":"t"}}"#]
    for (hook, rules) in [("input", rules.input), ("forward", rules.forward)] {
      objects.append(
        #"{"chain":{"family":"ip","table":"t","name":"\#(hook)","type":"filter","hook":"\#(hook)","prio":0,"policy":"drop"}}"#
      )
      objects += rules.map {
        #"{"rule":{"family":"ip","table":"t","chain":"\#(hook)","expr":[\#($0)]}}"#
      }
    }
    return try Table.tables(fromJSON: Array(#"{"nftables":[\#(objects.joined(separator: ","))]}"#.utf8))
  }

  @Test(arguments: cases)
  func `what changes is told of the links by which it does`(example: Case) throws {
    let found = try ListingChange(
      from: Self.tables(example.old), to: Self.tables(example.new), at: Self.now)
    #expect(found.changes.filter { !$0.isEmpty }.map(\.words) == example.told)
    #expect(found.notProven == (example.notProven ? ["ip t"] : []))
  }

  /// Objects of a table beside its chains, and the beginning of its one rule.
  @Test(
    arguments: [
      (
        #"{"set":{"family":"ip","table":"t","name":"s","type":"ipv4_addr","flags":["dynamic"],"size":9}}"#,
        #"{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"@s"}}"#
      ),
      (#"{"quota":{"family":"ip","table":"t","name":"q","bytes":9,"inv":true}}"#, #"{"quota":"q"}"#),
      (
        #"{"ct helper":{"family":"ip","table":"t","name":"h","type":"ftp","protocol":"tcp","l3proto":"ip"}}"#,
        #"{"ct helper":"h"}"#
      ),
    ])
  func `what a listing does not say of a table is not proven to be the same`(
    object: String, statement: String
  )
    throws
  {
    let text = """
      {"nftables":[{"table":{"family":"ip","name":"t"}},\(object),
      {"chain":{"family":"ip","table":"t","name":"i","type":"filter","hook":"input","prio":0,"policy":"drop"}},
      {"rule":{"family":"ip","table":"t","chain":"i","expr":[\(statement),{"accept":null}]}}]}
      """
    let tables = try Table.tables(listed: Array(text.utf8), clock: .utc).tables
    let found = try ListingChange(from: tables, to: tables, at: Self.now)
    #expect(found.changes.allSatisfy(\.isEmpty) && found.notProven == ["ip t"])
  }

  /// Statements of the one rule of a chain that translates, on both sides.
  @Test(
    arguments: [
      (
        #"{"dnat":{"addr":{"map":{"key":{"rt":{"key":"mtu"}},"data":{"set":[[1,"192.0.2.1"]]}}}}}"#,
        #"{"dnat":{"addr":{"map":{"key":{"rt":{"key":"mtu"}},"data":{"set":[[1,"192.0.2.2"]]}}}}}"#
      ),
      (rule(limit(5), #"{"dnat":{"addr":"192.0.2.1"}}"#), rule(limit(9), #"{"dnat":{"addr":"192.0.2.1"}}"#)),
    ])
  func `what is led to where nobody knows is not proven to be led to the same`(before: String, after: String)
    throws
  {
    func tables(_ statements: String) throws -> [Table] {
      let text = """
        {"nftables":[{"table":{"family":"ip","name":"t"}},
        {"chain":{"family":"ip","table":"t","name":"p","type":"nat","hook":"prerouting","prio":-100,
        "policy":"accept"}},{"rule":{"family":"ip","table":"t","chain":"p","expr":[\(statements)]}}]}
        """
      return try Table.tables(listed: Array(text.utf8), clock: .utc).tables
    }
    let (old, new) = (try tables(before), try tables(after))
    #expect(try ListingChange(from: old, to: old, at: Self.now).notProven.isEmpty)
    #expect(try ListingChange(from: old, to: new, at: Self.now).notProven == ["ip t"])
  }

  /// Tables that differ, by family, hook and the statements of their one rule.
  @Test(
    arguments: [
      ("arp", "filter", "input", drop), ("bridge", "filter", "forward", drop),
      ("ip", "nat", "postrouting", #"{"masquerade":null}"#),
      ("ip", "nat", "postrouting", #"{"snat":{"addr":"192.0.2.1"}}"#),
    ])
  func `what is not compared is not proven to be the same`(
    family: String, type: String, hook: String, statement: String
  ) throws {
    func tables(_ rules: [String]) throws -> [Table] {
      let objects = rules.map {
        #",{"rule":{"family":"\#(family)","table":"t","chain":"c","expr":[\#($0)]}}"#
      }
      let text = """
        {"nftables":[{"table":{"family":"\(family)","name":"t"}},{"chain":{"family":"\(family)","table":"t","name":"c",
        "type":"\(type)","hook":"\(hook)","prio":0,"policy":"accept"}}\(objects.joined())]}
        """
      return try Table.tables(listed: Array(text.utf8), clock: .utc).tables
    }
    let (with, without) = (try tables([statement]), try tables([]))
    #expect(try ListingChange(from: with, to: with, at: Self.now).notProven.isEmpty)
    #expect(try ListingChange(from: with, to: without, at: Self.now).notProven == ["\(family) t"])
    #expect(try ListingChange(from: without, to: with, at: Self.now).notProven == ["\(family) t"])
  }

  /// Rules at random of a few names that begin alike; each link is then asked about by its name.
  @Test(arguments: 1...24)
  func `nothing that differs by a link is left untold, and nothing is told that does not`(seed: UInt64) throws
  {
    var random = SeededGenerator(seed: seed)
    let names = ["a", "ab", "abc", "b", "c"]
    func some() -> [String] {
      (0..<Int.random(in: 0...4, using: &random)).map { _ in
        let name = names.randomElement(using: &random) ?? "a"
        let link =
          switch Int.random(in: 0..<5, using: &random) {
          case 0: Self.by(name)
          case 1: Self.by(name + "*")
          case 2: Self.meta("iifname", "\"\(name)\"", "!=")
          case 3: Self.among(name, "x" + name)
          default: Self.pair(name, 1 + Int.random(in: 0..<2, using: &random))
          }
        return Self.rule(
          link, Self.port(1 + Int.random(in: 0..<2, using: &random)),
          Bool.random(using: &random) ? Self.accept : Self.drop)
      }
    }
    let old = try Self.tables((some(), []))
    let new = try Self.tables((some(), []))
    let found = try ListingChange(from: old, to: new, at: Self.now)
    #expect(found.notProven.isEmpty)
    let universe = Universe()
    var differs = false
    for name in names + ["abcd", "ax", "bb", "z", "eth0"] {
      var circumstances = Circumstances(ownAddresses: nil, atSecond: Self.now.seconds)
      circumstances.input = Circumstances.Link(name: name)
      let before = try RulesetSpace(old, .ingress, circumstances, in: universe)
      let after = try RulesetSpace(new, .ingress, circumstances, in: universe)
      #expect(before.isExact && after.isExact)
      if before.lower != after.lower { differs = true }
    }
    #expect(differs == found.changes.contains { !$0.isEmpty })
  }
}

extension AllowedChange {
  fileprivate var words: String {
    func links(_ links: Links, _ word: String) -> String {
      guard case .some(let names, let others) = links else { return "" }
      return " \(word) \((names + (others ? ["other links"] : [])).joined(separator: ", "))"
    }
    let way =
      switch direction {
      case .ingress: "in" + links(input, "by")
      case .egress: "out" + links(output, "by")
      case .forward: "through" + links(input, "from") + links(output, "to")
      }
    func terms(_ sign: String, _ lines: [ConnectionLine]) -> [String] {
      lines.map { "\(sign) \($0.terms.map(\.description).joined(separator: ","))" }
    }
    return
      ([way + ":"] + (opensAnswers ? ["answers+"] : []) + (closesAnswers ? ["answers-"] : [])
      + terms("+", opened) + terms("-", closed) + terms("?+", mayOpen)
      + terms("?-", mayClose)).joined(separator: " ")
  }
}
