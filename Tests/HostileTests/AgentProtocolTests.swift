import Enforcement
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

  /// A request as Sekisho sends it, as a tree.
  private func request(_ shell: Shell) throws -> [String: Any] {
    try shell.write("inventory/all.yaml", CommandLineTests.inventory)
    #expect(try shell.run("sekisho compile -q -o out").status == 0)
    let bytes = try Data(contentsOf: shell.directory.appending(path: "out/a.json"))
    let file = try #require(try JSONSerialization.jsonObject(with: bytes) as? [String: Any])
    return ["id": 1, "request": "apply", "nftables": try #require(file["nftables"])]
  }

  private func line(_ value: Any) throws -> [UInt8] {
    Array(try JSONSerialization.data(withJSONObject: value))
  }

  /// Sends lines to an agent of its own; every one must be answered, in order, by one line of JSON.
  private func answers(_ shell: Shell, _ lines: [[UInt8]]) throws -> [[String: Any]] {
    try Data(lines.joined(separator: [10])).write(to: shell.directory.appending(path: "requests"))
    let result = try shell.run("echo >> requests; sekisho agent < requests")
    #expect(result.status == 0, "\(result.errors.prefix(2000))")
    let answers = try result.output.split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
    #expect(answers.count == lines.count)
    for answer in answers { #expect((answer["reply"] == nil) != (answer["failure"] == nil)) }
    return answers
  }

  private func code(_ answer: [String: Any]) -> String? {
    (answer["failure"] as? [String: Any])?["code"] as? String
  }

  @Test func `a request that is not one of the protocol is refused, and the next is answered`() throws {
    try withShell { shell in
      let valid = try request(shell)
      let objects = try #require(valid["nftables"])
      let text = String(decoding: try JSONSerialization.data(withJSONObject: objects), as: UTF8.self)
      func with(_ objects: String) -> [UInt8] {
        Array(#"{"id":7,"request":"apply","nftables":\#(objects)}"#.utf8)
      }
      func adding(_ kind: String, _ keys: String) -> [UInt8] {
        let object = #"{"add":{"\#(kind)":{"family":"inet","table":"sekisho",\#(keys)}}}"#
        return with("\(text.dropLast()),\(object)]")
      }
      func tables(_ keys: String...) -> [UInt8] {
        with("[\(keys.map { #"{"add":{"table":{\#($0)}}}"# }.joined(separator: ","))]")
      }
      let deep = String(repeating: "[", count: 100_000)
      let bad: [[UInt8]] = [
        Array("{".utf8), Array("null".utf8), Array("[]".utf8), [0xff, 0xfe, 0x7b], Array("{\"id\":1}".utf8),
        Array(#"{"id":99999999999999999999,"request":"hello"}"#.utf8),
        Array(#"{"id":1.5,"request":"hello"}"#.utf8), Array(#"{"id":1,"request":"reboot"}"#.utf8),
        Array(#"{"id":1,"request":"apply"}"#.utf8), Array(#"{"id":1,"request":"apply","nftables":{}}"#.utf8),
        Array(#"{"id":1,"request":"apply","nftables":[]}"#.utf8),
        Array(#"{"id":1,"request":"apply","seen":{"place":"","generation":-1},"nftables":[]}"#.utf8),
        Array(#"{"id":1,"request":"compare","nftables":\#(deep)}"#.utf8),
        Array(
          "{\"id\":1,\"request\":\"compare\",\"nftables\":\(String(repeating: "{\"a\":", count: 100_000))"
            .utf8),
        Array(repeating: 0x20, count: 1 << 20) + [0x7b],
        tables(#""family":"inet","name":"other""#), tables(#""family":"ip","name":"sekisho""#),
        tables(#""family":"inet","name":"sekisho","flags":"dormant""#),
        tables(#""family":"inet","name":"sekisho""#, #""family":"inet","name":"other""#),
        adding("counter", #""name":"odd""#), adding("flowtable", #""name":"odd","hook":"ingress","prio":0"#),
        adding("set", #""name":"in","type":"ipv4_addr""#), adding("chain", #""name":"input""#),
        adding("rule", #""chain":"nowhere","expr":[]"#),
        adding("rule", #""chain":"input","expr":[{"nonsense":1}]"#),
        adding("rule", #""chain":"input","expr":[{"jump":{"target":"nowhere"}}]"#),
        adding("rule", #""chain":"in/deny","expr":[{"jump":{"target":"in/deny"}}]"#),
        adding("set", #""name":"s","type":"ipv4_addr","elem":["1.1.1.1","1.1.1.1"]"#),
      ]
      let hello = Array(#"{"id":3,"request":"hello"}"#.utf8)
      let answers = try answers(shell, bad.flatMap { [$0, hello] })
      for (index, answer) in answers.enumerated() {
        let isHello = index % 2 == 1
        #expect(
          (answer["failure"] == nil) == isHello,
          "\(String(decoding: bad[index / 2].suffix(200), as: UTF8.self)): \(answer)")
        if !isHello { #expect(["bad-request", "refused"].contains(code(answer)), "\(answer)") }
      }
    }
  }

  @Test(arguments: 0..<6)
  func `a request whose bytes or values are changed never ends the agent`(seed: Int) throws {
    try withShell { shell in
      let valid = try request(shell)
      var random = SeededGenerator(seed: UInt64(seed))
      var lines: [[UInt8]] = []
      for number in 0..<120 {
        if number % 2 == 0 {
          lines.append(try line(changed(valid, &random)))
        } else {
          var bytes = try line(valid)
          for _ in 0...Int.random(in: 0...3, using: &random) { damage(&bytes, &random) }
          bytes.removeAll { $0 == 10 }
          if bytes.isEmpty { bytes = [0x7b] }
          lines.append(bytes)
        }
      }
      _ = try answers(shell, lines)
    }
  }

  @Test func `a request that breaks off is not carried out`() throws {
    try withShell { shell in
      let valid = try line(try request(shell))
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

  @Test func `a request that is too long is answered, and the next one too`() async throws {
    let hello = #"{"id":3,"request":"hello"}"#
    let long = #"{"id":2,"request":"listing","x":""# + String(repeating: "x", count: 300_000) + #""}"#
    let just = #"{"id":1,"request":"hello"}"#
    let fitting = just + String(repeating: " ", count: 1000 - just.utf8.count)
    for (first, isTooLong) in [
      (fitting, false), (fitting + " ", true), (long, true), (long + "\n" + long, true),
    ] {
      try await withTemporaryFiles { input, output in
        try Data("\(first)\n\(hello)\n".utf8).write(to: URL(filePath: input))
        let (from, to) = (open(input, O_RDONLY), open(output, O_WRONLY | O_CREAT, 0o600))
        defer {
          close(from)
          close(to)
        }
        let agent = LocalAgent(version: "test", runtimeDirectory: "/nowhere")
        try await AgentServer(agent, longest: 1000).serve(input: from, output: to)
        let answers = try String(contentsOfFile: output, encoding: .utf8).split(separator: "\n")
        #expect(answers.count == first.split(separator: "\n").count + 1)
        for answer in answers.dropLast() {
          #expect(answer.contains("bad-request") == isTooLong, "\(answer)")
          #expect(answer.contains("longer than 1000 bytes") == isTooLong, "\(answer)")
        }
        #expect(answers.last?.contains("\"id\":3") == true && answers.last?.contains("failure") == false)
      }
    }
  }

  private func withTemporaryFiles(_ body: (String, String) async throws -> Void) async throws {
    let shell = try Shell()
    defer { shell.remove() }
    try await body(
      shell.directory.appending(path: "in").path, shell.directory.appending(path: "out").path)
  }

  @Test func `the agent that is shipped answers a request over its limit`() throws {
    try withShell { shell in
      let result = try shell.run(
        """
        { head -c 269000000 /dev/zero | tr '\\0' x; echo; echo '{"id":3,"request":"hello"}'; } | sekisho agent
        """)
      #expect(result.status == 0, "\(result.all)")
      let answers = result.output.split(separator: "\n")
      #expect(answers.count == 2 && answers[0].contains("longer than 268435456 bytes"), "\(result.all)")
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
