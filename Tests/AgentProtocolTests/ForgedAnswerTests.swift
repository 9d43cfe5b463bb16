import Addressing
import AgentProtocol
import Foundation
import Testing

/// An agent may lie in every field: what it says is an answer that can be, or an error of that host.
@Suite struct ForgedAnswerTests {
  private static var odd: [Any] {
    [
      NSNull(), [Any](), [String: Any](), -1, 0, 1, 65536, 4_294_967_296, Int64.max, Int64.min, 1e300, 0.5,
      true,
      "", "\u{0}", "\u{1b}[2J\u{202e}", "input", "outputoutput", "enforce", "10.0.0.1", "::", "999.1.1.1",
      String(repeating: "n", count: 100_000), [1, "x", NSNull()], ["code": "moved"],
    ]
  }

  @Test func `every field of every answer may be forged`() throws {
    try forge(Samples.greeting, to: Hello.self)
    for status in Samples.statuses { try forge(status, to: Status.self) }
    for looked in Samples.looked { try forge(looked, to: Look.self) }
    try forge(Applied(operations: 3, generation: 4, retries: 2), to: Apply.self)
    try forge(Listed(text: "x"), to: List.self)
    try forge(Samples.records, to: ListRecords.self)
    try forge(Samples.peers, to: ListPeers.self)
    try forge(Samples.usage, to: ListUsage.self)
    try forge(HostRuleset(generation: 7, tables: [Samples.others]), to: Read.self)
    try forge(Probed(outcomes: Samples.outcomes), to: Probe.self)
    try forge(Witnessing(unheard: Samples.unheard), to: BearWitness.self)
    try forge(Samples.sighted, to: Sightings.self)
  }

  @Test func `an answer is bounded in what it counts, lists and says`() throws {
    func status(_ change: (inout [String: Any]) -> Void) throws -> HostStatus? {
      var tree = try Self.tree(Samples.statuses[1])
      var reply = try #require(tree["reply"] as? [String: Any])
      var table = try #require(reply["table"] as? [String: Any])
      change(&table)
      reply["table"] = table
      tree["reply"] = reply
      var reader = AnswerReader<Status>(id: 3)
      guard case .reply(let told)? = try? reader.take(Self.line(tree)) else { return nil }
      return told
    }
    #expect(try status { $0["rules"] = 2 } != nil)
    #expect(try status { $0["rules"] = -2 } == nil)
    #expect(try status { $0["elements"] = Int64.max } == nil)
    let direction: [String: Any] = ["hook": "input", "mode": "enforce", "packets": 1, "records": 1]
    #expect(try status { $0["directions"] = [Any](repeating: direction, count: 3) } != nil)
    #expect(try status { $0["directions"] = [Any](repeating: direction, count: 4) } == nil)
    let other = direction.merging(["hook": "prerouting"]) { _, new in new }
    #expect(try status { $0["directions"] = [other] } == nil)
  }

  @Test func `sessions are as many as there can be`() throws {
    func sessions(_ text: String) throws -> SessionCount? {
      let line = #"{"id":3,"reply":{"foreignChains":[],"generation":1,"sessions":\#(text)}}"#
      var reader = AnswerReader<Status>(id: 3)
      guard case .reply(let told)? = try? reader.take(Array(line.utf8)) else { return nil }
      return told.sessions
    }
    for count in [-1, 1 << 40 + 1, Int.max, Int.min] {
      #expect(try sessions(#"{"count":\#(count),"limit":1}"#) == nil)
      #expect(try sessions(#"{"count":1,"limit":\#(count)}"#) == nil)
    }
    #expect(try sessions(#"{"count":1,"limit":0}"#) == nil)
    for (text, percent) in [
      (#"{"count":1099511627776,"limit":1}"#, 109_951_162_777_600 as Int?),
      (#"{"count":1}"#, nil), (#"{"limit":1}"#, nil), ("{}", nil), (#"{"count":899,"limit":1000}"#, 89),
    ] {
      let told = try #require(try sessions(text))
      #expect(told.percent == percent)
      #expect(told.isNearlyFull == (percent ?? 0 >= 90))
    }
  }

  @Test func `records are of one family, of a direction each, and no more than are told`() throws {
    func isTaken(_ directions: [String]) -> Bool {
      let line = #"{"id":3,"reply":{"directions":[\#(directions.joined(separator: ","))]}}"#
      var reader = AnswerReader<ListRecords>(id: 3)
      guard case .reply? = try? reader.take(Array(line.utf8)) else { return false }
      return true
    }
    func direction(_ hook: String, _ entries: [String], untold: String = "0") -> String {
      #"{"hook":"\#(hook)","mode":"enforce","memory":1,"isFull":false,"untold":\#(untold),"#
        + #""entries":[\#(entries.joined(separator: ","))]}"#
    }
    func entry(_ ends: String, age: String = "1") -> String {
      #""\#(ends) 6/22 1 40 \#(age)""#
    }
    let one = entry("10.0.0.1")
    #expect(isTaken([direction("input", [one]), direction("output", [one])]))
    #expect(!isTaken([direction("input", [one]), direction("input", [one])]))
    #expect(isTaken([direction("input", Array(repeating: one, count: RecordList.most))]))
    #expect(!isTaken([direction("input", Array(repeating: one, count: RecordList.most + 1))]))
    #expect(!isTaken([direction("input", [one], untold: "-1")]))
    #expect(!isTaken([direction("input", [one], untold: "\(Int.max)")]))
    for age in ["-1", "\(Int.max)", "1.5"] {
      #expect(!isTaken([direction("input", [entry("10.0.0.1", age: age)])]))
    }
    for age in ["-1", "\(Int.max)"] {
      #expect(!isTaken([direction("input", [entry("10.0.0.1", age: "1 \(age)")])]))
      #expect(!isTaken([direction("input", [one], untold: #"0,"watched":\#(age)"#)]))
    }
    let both = "10.0.0.1>10.0.0.2"
    for text in [
      "", "10.0.0.1", "10.0.0.1 6/22", "10.0.0.1 6/22 1 40", "10.0.0.1 6/22 1 40 1 1 1",
      "10.0.0.1 256 1 40 1",
      "10.0.0.1 6/65536 1 40 1", "10.0.0.1 1:256 1 40 1", "10.0.0.1 6/ 1 40 1", "10.0.0.1 06/22 1 40 1",
      "10.0.0.1>10.0.0.2>10.0.0.3 6/22 1 40 1", ">10.0.0.1 6/22 1 40 1", "10.0.0.256 6/22 1 40 1",
      "10.0.0.1  6/22 1 40 1", "10.0.0.1 6/22 18446744073709551616 40 1", "10.0.0.1 6/22 1 40 1 ",
      String(repeating: "1", count: 600),
    ] { #expect(!isTaken([direction("input", [#""\#(text)""#])]), "\(text)") }
    #expect(isTaken([direction("forward", [entry(both)])]))
    #expect(!isTaken([direction("forward", [one])]))
    #expect(!isTaken([direction("input", [entry(both)])]))
    #expect(!isTaken([direction("forward", [entry("10.0.0.1>::1")])]))
  }

  @Test func `peers are of one family, of a direction each, and no more than are told`() throws {
    func isTaken(_ directions: [String], own: String = "0", waiting: String = "") -> Bool {
      let counts = ["groups", "linkLocal", "unanswered", "uncertain", "untold"].map { "\"\($0)\":0," }
        .joined()
      let line =
        #"{"id":3,"reply":{\#(counts)"own":\#(own),"isTracked":true,"waiting":[\#(waiting)],"#
        + #""directions":[\#(directions.joined(separator: ","))]}}"#
      var reader = AnswerReader<ListPeers>(id: 3)
      guard case .reply? = try? reader.take(Array(line.utf8)) else { return false }
      return true
    }
    func direction(_ hook: String, _ peers: [String]) -> String {
      #"{"hook":"\#(hook)","peers":[\#(peers.map { "\"\($0)\"" }.joined(separator: ","))]}"#
    }
    let one = "10.0.0.1 6/22 1"
    #expect(isTaken([direction("input", [one]), direction("output", [one])]))
    #expect(!isTaken([direction("input", [one]), direction("input", [one])]))
    #expect(!isTaken([direction("prerouting", [one])]))
    #expect(isTaken([direction("input", Array(repeating: one, count: PeerList.most))]))
    #expect(!isTaken([direction("input", Array(repeating: one, count: PeerList.most + 1))]))
    #expect(!isTaken([], own: "-1") && !isTaken([], own: "\(Int.max)") && isTaken([], own: "7"))
    #expect(!isTaken([], waiting: #"{"ipProtocol":6,"port":65536}"#))
    for text in [
      "", "10.0.0.1 6/22", "10.0.0.1 6/22 1 1", "10.0.0.1 6/22 -1", "x 6/22 1", "10.0.0.1 6/22 1 ",
    ] {
      #expect(!isTaken([direction("input", [text])]), "\(text)")
    }
    #expect(isTaken([direction("forward", ["10.0.0.1>10.0.0.2 6/22 1"])]))
    #expect(!isTaken([direction("forward", [one])]))
    #expect(!isTaken([direction("output", ["10.0.0.1>10.0.0.2 6/22 1"])]))
    #expect(!isTaken([direction("forward", ["10.0.0.1>::1 6/22 1"])]))
  }

  @Test func `what is told of records while they are followed is such as a host can have`() throws {
    func isTaken(_ list: String) -> Bool {
      var reader = AnswerReader<FollowRecords>(id: 3)
      guard case .event? = try? reader.take(Array(#"{"id":3,"event":\#(list)}"#.utf8)) else { return false }
      return true
    }
    let one = #"{"hook":"input","mode":"enforce","memory":1,"isFull":false,"untold":0,"entries":[]}"#
    #expect(isTaken(#"{"directions":[]}"#) && isTaken(#"{"directions":[\#(one)]}"#))
    #expect(!isTaken(#"{"directions":[\#(one),\#(one)]}"#))
  }

  @Test func `a table of somebody else's of which no type is told may filter`() throws {
    var tree = try Self.tree(Samples.statuses[1])
    var reply = try #require(tree["reply"] as? [String: Any])
    var chains = try #require(reply["foreignChains"] as? [[String: Any]])
    #expect(chains[0].removeValue(forKey: "type") != nil)
    reply["foreignChains"] = chains
    tree["reply"] = reply
    var reader = AnswerReader<Status>(id: 3)
    guard case .reply(let told) = try reader.take(Self.line(tree)) else {
      Issue.record("no reply")
      return
    }
    #expect(told.foreignChains.filteringTables == ["ip filter"])
  }

  /// Whoever shows a time adds to it, or takes it from another.
  @Test(arguments: [(5000 as UInt64, true), (.max, false), (UInt64(Int64.max), false)])
  func `a time that no clock comes to is an error of that host`(_ time: UInt64, _ canBe: Bool) throws {
    func isTaken<Request: AgentRequest>(_ reply: Request.Reply, of type: Request.Type) throws -> Bool {
      var reader = AnswerReader<Request>(id: 3)
      return try Frames.reply(reply, to: 3).map { line in (try? reader.take(line)) != nil }.allSatisfy { $0 }
    }
    let table = TableStatus(
      isOwned: false, isDormant: false, directions: [], chains: 1, rules: 1, sets: 0, elements: 0,
      trialLeft: time)
    for sign: Int64 in [1, -1] {
      let confirmed = ConfirmedStatus(revision: 1, time: sign * Int64(clamping: time), isDrifted: nil)
      let status = HostStatus(generation: 1, table: nil, foreignChains: [], confirmed: confirmed)
      #expect(try isTaken(status, of: Status.self) == canBe)
      var tripped = HostStatus(generation: 1, table: nil, foreignChains: [])
      tripped.tripped = [
        TripStatus(
          address: Address(.ipv4, 0x0a00_0007), tripwires: [], since: 1, until: sign * Int64(clamping: time),
          isCut: true)
      ]
      #expect(try isTaken(tripped, of: Status.self) == canBe)
    }
    #expect(
      try isTaken(HostStatus(generation: 1, table: table, foreignChains: []), of: Status.self) == canBe)
    let whole = Samples.looked[0]
    let looked = Looked(seen: whole.seen, comparison: whole.comparison, ruleset: nil, trialLeft: time)
    #expect(try isTaken(looked, of: Look.self) == canBe)
    let books = Books(
      confirmed: nil, trial: Books.Running(revision: 1, left: time, by: ""), revisions: [], events: [],
      chainFaults: [], chainTip: "", damage: [])
    #expect(try isTaken(books, of: History.self) == canBe)
  }

  @Test func `a greeting lists so many addresses and no more`() throws {
    for (count, isTaken) in [(20_000, true), (65_536, true), (65_537, false)] {
      let addresses = (0..<count).map { "10.\($0 >> 16).\($0 >> 8 & 255).\($0 & 255)" }
      let line = Self.line([
        "id": 3,
        "reply": [
          "protocol": 2, "requests": ["look"], "version": "1", "node": "n", "kernel": "k",
          "addresses": addresses,
        ],
      ])
      var reader = AnswerReader<Hello>(id: 3)
      let step = try? reader.take(line)
      #expect((step != nil) == isTaken, "\(count)")
    }
  }

  @Test(arguments: [
    #"{"id":3}"#, #"{"id":3,"reply":{},"failure":{"code":"busy","message":"x"}}"#, #"{"id":4,"reply":{}}"#,
    #"{"id":3,"event":{"step":"tracking"}}"#, "", "{", "null", "[]", #"{"id":3,"reply":{}} trailing"#,
    "\u{0}",
    #"{"id":3,"reply":{"text":"x"},"tables":-1}"#, #"{"id":3,"reply":{"text":"x"},"tables":5000}"#,
    #"{"id":"3","reply":{"text":"x"}}"#, #"{"id":3,"failure":"busy"}"#,
  ])
  func `a line that answers nothing is an error of that host`(line: String) {
    var reader = AnswerReader<Sightings>(id: 3)
    let failure = #expect(throws: AgentFailure.self) { try reader.take(Array(line.utf8)) }
    #expect(failure?.code == .unreachable)
    #expect(failure?.happened == .nothing)
    // Of a request that may change the host nobody knows then.
    var change = AnswerReader<Apply>(id: 3)
    if line.contains("tracking") { return }
    #expect(#expect(throws: AgentFailure.self) { try change.take(Array(line.utf8)) }?.happened == .unknown)
  }

  @Test func `tables that do not belong to an answer are an error of that host`() throws {
    let looked = try Frames.reply(Samples.looked[1], to: 3)
    #expect(looked.count == 2)
    for table in ["{}", "null", #"{"nftables":[]}"#, "", String(repeating: "[", count: 100_000)] {
      var reader = AnswerReader<Look>(id: 3)
      guard case .more = try reader.take(looked[0]) else {
        Issue.record("the header alone is no answer")
        return
      }
      #expect(#expect(throws: AgentFailure.self) { try reader.take(Array(table.utf8)) }?.code == .unreachable)
    }
    // The same table twice, and a difference without its ruleset.
    var tree = try Self.tree(Samples.looked[1])
    tree["tables"] = 2
    var reader = AnswerReader<Look>(id: 3)
    _ = try reader.take(Self.line(tree))
    _ = try reader.take(looked[1])
    #expect(throws: AgentFailure.self) { try reader.take(looked[1]) }
    tree["tables"] = nil
    var reply = try #require(tree["reply"] as? [String: Any])
    reply["isRulesetTold"] = false
    tree["reply"] = reply
    reader = AnswerReader<Look>(id: 3)
    #expect(throws: AgentFailure.self) { try reader.take(Self.line(tree)) }
  }

  @Test func `a login between families, and too many of them, are an error of that host`() throws {
    var tree = try Self.tree(Samples.looked[1])
    var reply = try #require(tree["reply"] as? [String: Any])
    var login = try #require((reply["logins"] as? [[String: Any]])?.first)
    tree["tables"] = nil
    for (source, isSound) in [("10.0.0.9", true), ("2001:db8::1", false)] {
      login["source"] = source
      for (count, isBounded) in [(1, true), (Login.most, true), (Login.most + 1, false)] {
        reply["logins"] = Array(repeating: login, count: count)
        tree["reply"] = reply
        var reader = AnswerReader<Look>(id: 3)
        let line = Self.line(tree)
        #expect(((try? reader.take(line)) != nil) == (isSound && isBounded), "\(source), \(count)")
      }
    }
  }

  @Test func `an agent of another protocol is told apart, with the end to upgrade`() throws {
    func greeting(_ extra: String) throws -> Greeting {
      var reader = AnswerReader<Hello>(id: 1)
      let line =
        #"{"id":1,"reply":{"version":"0.1","node":"n","kernel":"k","addresses":["10.0.0.1"]\#(extra)}}"#
      guard case .reply(let told) = try reader.take(Array(line.utf8)) else {
        throw AgentFailure(.failed, "no greeting")
      }
      return told
    }
    for (extra, words) in [
      ("", "upgrade sekisho on the host"),
      (#","protocol":3,"requests":[]"#, "upgrade sekisho on this machine"),
      (#","protocol":2,"requests":["look"]"#, "upgrade sekisho on the host"),
    ] {
      let told = try greeting(extra)
      let failure = #expect(throws: AgentFailure.self) {
        try told.require([Look.self, Apply.self], version: "9.9")
      }
      #expect(failure?.code == .otherVersion && failure?.remedy == words)
      #expect(failure?.message.contains("0.1") == true && failure?.message.contains("9.9") == true)
    }
    try greeting(#","protocol":2,"requests":["look","apply"]"#).require([Look.self], version: "1")
  }

  // MARK: - Forging

  private func forge<Request: AgentRequest>(_ reply: Request.Reply, to type: Request.Type) throws {
    let lines = try Frames.reply(reply, to: 3)
    let tree = try Self.tree(reply)
    var taken = 0
    Self.everyChange(of: tree) { changed in
      var reader = AnswerReader<Request>(id: 3)
      do {
        var step = try reader.take(Self.line(changed))
        for line in lines.dropFirst() {
          guard case .more = step else { break }
          step = try reader.take(line)
        }
        if case .reply(let told) = step {
          taken += 1
          // What was taken can be said again.
          _ = try Frames.reply(told, to: 3)
        }
      } catch let failure as AgentFailure {
        #expect(failure.description.utf8.count < 20_000)
      } catch {
        Issue.record("\(error)")
      }
    }
    #expect(taken > 0)
  }

  private static func tree(_ reply: some AgentMessage) throws -> [String: Any] {
    let line = try Frames.reply(reply, to: 3)[0]
    return try #require(try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
  }

  private static func line(_ tree: Any) -> [UInt8] {
    (try? Array(JSONSerialization.data(withJSONObject: tree, options: .fragmentsAllowed))) ?? []
  }

  /// Every value of a tree, one at a time, becomes each of the odd ones, goes, or is there many times.
  private static func everyChange(of value: Any, _ body: (Any) -> Void) {
    for odd in odd { body(odd) }
    if let object = value as? [String: Any] {
      for key in object.keys {
        var copy = object
        copy[key] = nil
        body(copy)
        everyChange(of: object[key] ?? 0) {
          copy[key] = $0
          body(copy)
        }
      }
    } else if let list = value as? [Any], !list.isEmpty {
      body(Array(repeating: list[0], count: 5000))
      // One of a kind is enough.
      for index in list.indices.prefix(4) {
        everyChange(of: list[index]) {
          var copy = list
          copy[index] = $0
          body(copy)
        }
      }
    }
  }
}
