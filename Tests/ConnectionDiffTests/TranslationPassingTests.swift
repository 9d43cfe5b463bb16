import Addressing
import ConnectionDiff
import Nftables
import Policy
import Testing

/// What is told to become of packets that a table leads elsewhere where other tables ask by which link they come.
@Suite struct TranslationPassingTests {
  private static let toContainer = #"{"dnat":{"family":"ip","addr":"172.17.0.2","port":80}}"#
  private static let published =
    #"{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":8080}},"#
    + toContainer

  private static func match(_ key: String, _ sign: String, _ name: String) -> String {
    #"{"match":{"op":"\#(sign)","left":{"meta":{"key":"\#(key)"}},"right":"\#(name)"}}"#
  }

  private struct Case {
    let name: String
    /// What the rule that leads asks of the link that packets come by.
    let by: String?
    let policy: String
    /// Of the chain that judges what passes through.
    let rules: [String]
    let passing: TranslationLine.Passing
    var links = TranslationLine.Links.allBut(["docker0"])
  }

  private static let docker = match("iifname", "!=", "docker0")
  private static let intoDocker = match("oifname", "==", "docker0") + #",{"accept":null}"#

  private static let cases: [Case] = [
    Case(
      name: "only what comes by one link of those that lead is let pass", by: docker, policy: "drop",
      rules: [match("iifname", "==", "eth0") + "," + intoDocker], passing: .perhaps),
    Case(
      name: "all links that begin alike are let pass", by: docker, policy: "drop",
      rules: [match("iifname", "==", "eth*") + "," + intoDocker], passing: .perhaps),
    Case(
      name: "links of a set are let pass", by: docker, policy: "drop",
      rules: [
        #"{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":{"set":["eth0","eth1"]}}},"#
          + intoDocker
      ], passing: .perhaps),
    Case(
      name: "what comes by one link is dropped", by: docker, policy: "accept",
      rules: [match("iifname", "==", "eth0") + #",{"drop":null}"#], passing: .perhaps),
    Case(
      name: "every link that leads is let pass", by: docker, policy: "drop",
      rules: [docker + "," + intoDocker], passing: .all),
    Case(
      name: "only the link that does not lead is let pass", by: docker, policy: "drop",
      rules: [match("iifname", "==", "docker0") + "," + intoDocker], passing: .none),
    Case(name: "nothing is let pass", by: docker, policy: "drop", rules: [], passing: .none),
    Case(
      name: "the one link that leads is let pass", by: match("iifname", "==", "eth0"), policy: "drop",
      rules: [match("iifname", "==", "eth0") + "," + intoDocker], passing: .all, links: .only(["eth0"])),
    Case(
      name: "another link than the one that leads is let pass", by: match("iifname", "==", "eth0"),
      policy: "drop", rules: [match("iifname", "==", "eth1") + "," + intoDocker], passing: .none,
      links: .only(["eth0"])),
    Case(
      name: "every link leads, and one is let pass", by: nil, policy: "drop",
      rules: [match("iifname", "==", "eth0") + "," + intoDocker], passing: .perhaps, links: .any),
  ]

  @Test(arguments: 0..<10)
  func `what passes is what passes by one link or another`(number: Int) throws {
    let ruleset = Self.cases[number]
    #expect(Self.cases.count == 10)
    let known = try TranslationLine.all(
      of: Self.tables(ruleset), own: [Address(.ipv4, 0x0a00_0001)], name: "web-1", names: nil,
      exits: [("docker0", AddressSet([try Prefix(parsing: "172.17.0.0/16")]))],
      at: Timestamp(seconds: 1_800_000_000))
    let line = try #require(known.lines.first { $0.direction == .ingress }, "\(ruleset.name)")
    #expect(line.passing == ruleset.passing && line.isSure, "\(ruleset.name): \(line.words)")
    #expect(line.links == ruleset.links, "\(ruleset.name): \(line.words)")
    #expect(line.isUnfiltered == (ruleset.passing != .none), "\(ruleset.name): \(line.words)")
  }

  /// Docker's table, one that judges what passes through, and Sekisho's, which leaves that alone.
  private static func tables(_ ruleset: Case) throws -> [Table] {
    let rule = (ruleset.by.map { $0 + "," } ?? "") + published
    var objects = [
      #"{"table":{"family":"ip","name":"nat"}}"#,
      #"{"chain":{"family":"ip","table":"nat","name":"PREROUTING","type":"nat","hook":"prerouting","prio":-100,"policy":"accept"}}"#,
      #"{"rule":{"family":"ip","table":"nat","chain":"PREROUTING","expr":[\#(rule)]}}"#,
      #"{"table":{"family":"inet","name":"filter"}}"#,
      #"{"chain":{"family":"inet","table":"filter","name":"forward","type":"filter","hook":"forward","prio":0,"policy":"\#(ruleset.policy)"}}"#,
      #"{"table":{"family":"inet","name":"sekisho"}}"#,
      #"{"chain":{"family":"inet","table":"sekisho","name":"input","type":"filter","hook":"input","prio":0,"policy":"drop"}}"#,
    ]
    objects += ruleset.rules.map {
      #"{"rule":{"family":"inet","table":"filter","chain":"forward","expr":[\#($0)]}}"#
    }
    return try Table.tables(fromJSON: Array("{\"nftables\":[\(objects.joined(separator: ","))]}".utf8))
  }
}
