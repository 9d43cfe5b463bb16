import Foundation
import PolicyFixtures
import Testing

/// What an agent is sent need not come from Sekisho, nor arrive whole.
@Suite(.enabled(if: Shell.obstacle == nil, "\(Shell.obstacle ?? "")"))
struct AgentProtocolTests {
  private static var odd: [Any] {
    [
      NSNull(), [Any](), [String: Any](), -1, 0, 65536, 4_294_967_296, 9_223_372_036_854_775_807, 1e99, true,
      "",
      "\u{0}", "x\u{1b}[31m\"\n", "..", "inet", "@in", "in/deny", String(repeating: "n", count: 300),
      "\u{e9}", "e\u{301}", "0.0.0.0/0", "::", "255.255.255.256", "drop", "dormant",
      ["prefix": ["addr": "::", "len": 129]],
      ["range": ["2.0.0.0", "1.0.0.0"]], ["concat": []], ["set": [[Any]]()],
      ["elem": ["val": 1, "timeout": 1e30]],
      ["jump": ["target": "in/deny"]], ["goto": ["target": "nowhere"]], ["accept": NSNull()],
    ]
  }

  /// The table of a request as Sekisho sends it, as a tree.
  private func request(_ shell: Shell) throws -> [String: Any] {
    try shell.write("inventory/all.yaml", CommandLineTests.inventory)
    #expect(try shell.run("sekisho compile -q -o out").status == 0)
    let bytes = try Data(contentsOf: shell.directory.appending(path: "out/a.json"))
    let file = try #require(try JSONSerialization.jsonObject(with: bytes) as? [String: Any])
    return ["nftables": try #require(file["nftables"])]
  }

  private static let lookHeader = Array(
    #"{"id":7,"request":"listen","listen":{"tcp":[],"udp":[],"raw":[],"multicast":[]}}"#.utf8)

  private func line(_ value: Any) throws -> [UInt8] {
    Array(try JSONSerialization.data(withJSONObject: value))
  }

  /// Sends messages to an agent of its own; every one must be answered, in order, by one line of JSON.
  private func answers(_ shell: Shell, _ messages: [[[UInt8]]]) throws -> [[String: Any]] {
    try Data(messages.joined().joined(separator: [10])).write(to: shell.directory.appending(path: "requests"))
    let result = try shell.run("echo >> requests; sekisho agent < requests")
    #expect(result.status == 0, "\(result.errors.prefix(2000))")
    let answers = try result.output.split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
    #expect(answers.count == messages.count)
    for answer in answers { #expect((answer["reply"] == nil) != (answer["failure"] == nil)) }
    return answers
  }

  /// The header of an apply with one table, which the next line is to be.
  private static let header = Array(#"{"id":7,"request":"apply","tables":1,"isLearning":false}"#.utf8)

  private func code(_ answer: [String: Any]) -> String? {
    (answer["failure"] as? [String: Any])?["code"] as? String
  }

  @Test func `a request that is not one of the protocol is refused, and the next is answered`() throws {
    try withShell { shell in
      let valid = try request(shell)
      let objects = try #require(valid["nftables"])
      let text = String(decoding: try JSONSerialization.data(withJSONObject: objects), as: UTF8.self)
      func with(_ objects: String) -> [[UInt8]] { [Self.header, Array(#"{"nftables":\#(objects)}"#.utf8)] }
      func adding(_ kind: String, _ keys: String) -> [[UInt8]] {
        let object = #"{"add":{"\#(kind)":{"family":"inet","table":"sekisho",\#(keys)}}}"#
        return with("\(text.dropLast()),\(object)]")
      }
      func tables(_ keys: String...) -> [[UInt8]] {
        with("[\(keys.map { #"{"add":{"table":{\#($0)}}}"# }.joined(separator: ","))]")
      }
      func alone(_ header: String) -> [[UInt8]] { [Array(header.utf8)] }
      func witness(_ protocols: [Int]) -> [[UInt8]] {
        alone(
          #"{"id":1,"request":"witness","witness":{"peers":[],"first_port":1,"last_port":2,"protocols":\#(protocols)}}"#
        )
      }
      let deep = String(repeating: "[", count: 100_000)
      let bad: [[[UInt8]]] = [
        alone("{"), alone("null"), alone("[]"), [[0xff, 0xfe, 0x7b]], alone("{\"id\":1}"),
        alone(#"{"id":99999999999999999999,"request":"hello"}"#), alone(#"{"id":1.5,"request":"hello"}"#),
        alone(#"{"id":1,"request":"reboot"}"#), alone(#"{"id":1,"request":"apply"}"#),
        alone(#"{"id":1,"request":"apply","tables":0,"isLearning":false}"#),
        alone(#"{"id":1,"request":"apply","tables":-1}"#),
        alone(#"{"id":1,"request":"apply","tables":99999999}"#),
        alone(#"{"id":1,"request":"look","tables":"1"}"#), alone(#"{"id":1,"request":"probe"}"#),
        alone(#"{"id":1,"request":"probe","attempts":[{"protocol":300,"to":"10.0.0.1"}]}"#),
        alone(#"{"id":1,"request":"probe","attempts":[{"protocol":6,"to":"10.0.0.1","port":1,"type":1}]}"#),
        // Twice the same, and more than a packet filter can tell apart.
        witness([6, 6]), witness(Array(0...64)),
        [Array(#"{"id":1,"request":"hello","tables":1}"#.utf8), Array("{}".utf8)],
        [Self.header, Array("{}".utf8)], [Self.header, Array("null".utf8)], [Self.header, []], with("{}"),
        with("[]"),
        [
          Array(
            #"{"id":1,"request":"apply","tables":1,"isLearning":false,"seen":{"place":"","generation":-1}}"#
              .utf8),
          Array("{}".utf8),
        ],
        with(deep), with(String(repeating: "{\"a\":", count: 100_000)),
        alone(#"{"id":1,"request":"hello","x":\#(deep)"#),
        [Array(repeating: 0x20, count: 1 << 20) + [0x7b]],
        tables(#""family":"inet","name":"other""#), tables(#""family":"ip","name":"sekisho""#),
        tables(#""family":"inet","name":"sekisho","flags":"dormant""#),
        tables(#""family":"inet","name":"sekisho""#, #""family":"inet","name":"other""#),
        adding("counter", #""name":"odd""#), adding("flowtable", #""name":"odd","hook":"ingress","prio":0"#),
        adding("set", #""name":"in","type":"ipv4_addr""#), adding("chain", #""name":"input""#),
        adding("rule", #""chain":"nowhere","expr":[]"#),
        adding("rule", #""chain":"input","expr":[{"nonsense":1}]"#),
        adding("rule", #""chain":"input","expr":[{"jump":{"target":"nowhere"}}]"#),
        adding("rule", #""chain":"in/deny","expr":[{"jump":{"target":"in/deny"}}]"#),
        adding(
          "rule",
          #""chain":"input","expr":[{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"@nowhere"}}]"#
        ),
        adding("set", #""name":"s","type":"ipv4_addr","elem":["1.1.1.1","1.1.1.1"]"#),
      ]
      let hello = alone(#"{"id":3,"request":"hello"}"#)
      let answers = try answers(shell, bad.flatMap { [$0, hello] })
      for (index, answer) in answers.enumerated() {
        let isHello = index % 2 == 1
        #expect(
          (answer["failure"] == nil) == isHello,
          "\(String(decoding: bad[index / 2].joined().suffix(200), as: UTF8.self)): \(answer)")
        if !isHello {
          #expect(["bad-request", "refused", "other-version"].contains(code(answer)), "\(answer)")
        }
      }
    }
  }

  @Test(arguments: 0..<6)
  func `a request whose bytes or values are changed never ends the agent`(seed: Int) throws {
    try withShell { shell in
      let valid = try request(shell)
      var random = SeededGenerator(seed: UInt64(seed))
      var messages: [[[UInt8]]] = []
      for number in 0..<120 {
        if number % 2 == 0 {
          messages.append([Self.header, try line(changed(valid, &random))])
        } else {
          // A damaged header may ask for tables, so it comes alone.
          var bytes = number % 4 == 1 ? try line(valid) : Self.lookHeader
          for _ in 0...Int.random(in: 0...3, using: &random) { damage(&bytes, &random) }
          bytes.removeAll { $0 == 10 }
          if bytes.isEmpty { bytes = [0x7b] }
          messages.append(number % 4 == 1 ? [Self.header, bytes] : [bytes])
        }
      }
      _ = try answers(shell, messages)
    }
  }

  @Test func `a request that breaks off is not carried out`() throws {
    try withShell { shell in
      let valid = Self.header + [10] + (try line(try request(shell)))
      try Data(valid.dropLast()).write(to: shell.directory.appending(path: "half"))
      try Data(valid).write(to: shell.directory.appending(path: "whole-without-end"))
      let result = try shell.run(
        """
        for file in half whole-without-end; do sekisho agent < $file; nft list tables; done
        printf '{"id":1,"request":"hello"}\\n' | sekisho agent > /dev/full 2> said || status=$?; test $status = 1
        printf '{"id":1,"request":"hello"}\\n' > hello; sekisho agent < hello | true
        """)
      #expect(result.status == 0, "\(result.all)")
      #expect(result.output.isEmpty, "\(result.all)")
    }
  }

  @Test func `a line that is too long is answered, and the next request too`() throws {
    try withShell { shell in
      let result = try shell.run(
        """
        hello='{"id":3,"request":"hello"}'; long() { head -c $1 /dev/zero | tr '\\0' "$2"; }
        { long 4194305 x; echo; echo "$hello"; printf '%s' "$hello"; long 4194278 ' '; echo; echo "$hello"
          echo '{"id":7,"request":"apply","tables":1,"isLearning":false}'; long 268435457 x; echo; echo "$hello"
          echo '{"id":7,"request":"apply","tables":2,"isLearning":false}'; echo x; long 268435457 x; echo; echo "$hello"
        } | sekisho agent
        """)
      #expect(result.status == 0, "\(result.all.prefix(2000))")
      let answers = result.output.split(separator: "\n")
      try #require(answers.count == 8, "\(result.all.prefix(2000))")
      #expect(answers[0].contains("longer than 4194304 bytes"))
      #expect(answers[4].contains("longer than 268435456 bytes"))
      // The first mistake is told, and everything is read.
      #expect(answers[6].contains("cannot be read"))
      for index in [1, 2, 3, 5, 7] {
        #expect(answers[index].contains(#""id":3,"reply""#), "\(answers[index])")
      }
    }
  }

  /// One value somewhere in the tree becomes another, goes, or stands twice.
  private func changed(_ value: Any, _ random: inout SeededGenerator) -> Any {
    if var object = value as? [String: Any], let key = object.keys.sorted().randomElement(using: &random) {
      if random.oneIn(12) { object[key] = nil } else { object[key] = changed(object[key] ?? 0, &random) }
      return object
    }
    if var list = value as? [Any], !list.isEmpty, !random.oneIn(20) {
      let index = Int.random(in: list.indices, using: &random)
      switch Int.random(in: 0..<8, using: &random) {
      case 0: list.remove(at: index)
      case 1: list.insert(list[index], at: Int.random(in: list.indices, using: &random))
      case 2: list.swapAt(index, Int.random(in: list.indices, using: &random))
      default: list[index] = changed(list[index], &random)
      }
      return list
    }
    return Self.odd.randomElement(using: &random) ?? 0
  }

  private func damage(_ bytes: inout [UInt8], _ random: inout SeededGenerator) {
    guard !bytes.isEmpty else { return }
    let index = Int.random(in: bytes.indices, using: &random)
    let other = Int.random(in: bytes.indices, using: &random)
    switch Int.random(in: 0..<5, using: &random) {
    case 0: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    case 1: bytes.removeLast(Int.random(in: 0...min(bytes.count, 200), using: &random))
    case 2:
      bytes.insert(
        contentsOf: bytes[min(index, other)..<min(max(index, other), min(index, other) + 99)], at: index)
    case 3: bytes.removeSubrange(min(index, other)..<min(max(index, other), min(index, other) + 30))
    default: bytes[index] = bytes[other]
    }
  }
}
