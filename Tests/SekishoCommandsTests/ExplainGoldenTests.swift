import ChildProcess
import Foundation
import Goldens
import Testing

/// What `sekisho explain` answers, word for word.
@Suite struct ExplainGoldenTests {
  private struct Question: CustomTestStringConvertible {
    /// Of the files in `Tests/Golden/explain`.
    let name: String
    let words: [String]
    var inventory = "inventory"

    var testDescription: String { name }
  }

  private static let questions = [
    Question(name: "allowed", words: ["web-1", "api-1", "api"]),
    Question(name: "denied-at-every-hop", words: ["web-1", "db-1", "postgres"]),
    Question(name: "from-outside", words: ["internet", "edge-1", "https"]),
    Question(name: "in-disguise", words: ["::ffff:192.0.2.1", "edge-1", "tcp/443"]),
    Question(name: "to-itself", words: ["web-1", "web-1", "https"]),
    Question(name: "to-its-loopback", words: ["web-1", "127.0.0.1", "tcp/80"]),
    Question(
      name: "a-carrier-to-its-loopback", words: ["edge-1", "127.0.0.1", "tcp/22"],
      inventory: "examples/virtual-address"),
    Question(name: "to-a-loopback-of-another-family", words: ["web-1", "::1", "ssh"]),
    Question(
      name: "left-alone", words: ["a-1", "a-2", "web"], inventory: "Tests/Golden/explain/left-alone.yaml"),
    Question(
      name: "observed", words: ["a-2", "a-1", "web"], inventory: "Tests/Golden/explain/left-alone.yaml"),
    Question(name: "nobody-managed", words: ["192.0.2.1", "192.0.2.2", "tcp/80"]),
    Question(
      name: "beside-a-gateway", words: ["a", "b", "web"],
      inventory: "Tests/Golden/diff/a-route-goes/new.yaml"),
    Question(
      name: "ended", words: ["192.0.2.65", "archive-1", "https"],
      inventory: "Tests/Golden/explain/ended.yaml"),
    Question(
      name: "to-a-virtual-address", words: ["monitor-1", "shop", "https"],
      inventory: "examples/virtual-address"),
    Question(
      name: "to-a-carrier-itself", words: ["monitor-1", "edge-1", "https"],
      inventory: "examples/virtual-address"),
    Question(
      name: "from-a-carrier", words: ["edge-1", "web-1", "http"], inventory: "examples/virtual-address"),
  ]

  @Test(arguments: questions)
  private func `a question is answered in these words`(question: Question) {
    let (text, json) = (run(question, []), run(question, ["--json"]))
    #expect(text.status == 0 && json.status == 0)
    #expect(Golden.fault(text.output, "explain/\(question.name).txt") == nil)
    #expect(Golden.fault(json.output, "explain/\(question.name).json") == nil)
  }

  /// Ends of `explain/batch.yaml`, as pairs whose answers differ with the way they are found.
  private static let asked = [
    ("edge-1", "api-1", 443), ("edge-1", "web-1", 80), ("edge-1", "edge-1", 80), ("edge-1", "edge-2", 443),
    ("edge-1", "shop", 443), ("shop", "api-1", 443), ("10.5.1.11", "api-1", 443),
    ("edge-1", "10.5.1.100", 443),
    ("edge-1", "here", 443), ("edge-1", "127.0.0.1", 80), ("web-1", "::1", 80), ("127.0.0.1", "web-1", 80),
    ("api-1", "web-1", 22), ("10.5.2.12", "web-1", 22), ("api-1", "desks", 443), ("desks", "api-1", 443),
    ("here", "web-1", 22), ("api-1", "shop", 443), ("web-1", "api-1", 81),
    ("192.0.2.9", "watching", 80), ("watching", "left", 80), ("web-1", "watching", 80),
    ("192.0.2.9", "left", 22),
  ]

  @Test func `a batch answers each question as it is answered alone`() throws {
    let inventory = "\(Golden.root)/Tests/Golden/explain/batch.yaml"
    func run(_ words: [String], input: String = "") -> String {
      ChildProcess.run(
        ["\(ChildProcess.products)/sekisho", "explain", "-i", inventory] + words, input: input
      )
      .output
    }
    func object(_ text: some StringProtocol) throws -> [String: Any] {
      try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any], "\(text)")
    }
    let lines = Self.asked.map { from, to, port in
      #"{"from":"\#(from)","to":"\#(to)","protocol":"tcp","port":\#(port)}"# + "\n"
    }
    let batch = run(["--batch", "-"], input: lines.joined()).split(separator: "\n").filter {
      $0.hasPrefix("{")
    }
    #expect(batch.count == lines.count, "\(batch)")
    var seen: Set<String> = []
    for ((from, to, port), line) in zip(Self.asked, batch) {
      let one = try object(run([from, to, "tcp/\(port)", "--json"]))
      let alone = try #require(one["verdict"] as? String)
      let answer = try object(line)
      let error = answer["error"] as? String
      let inBatch =
        error.map { $0.contains("is allowed in part: ") ? "in part" : $0 } ?? answer["verdict"] as? String
      #expect(inBatch == alone, "\(from) \(to) \(port): \(line)")
      let connections = try #require(one["connections"] as? [[String: Any]])
      let passes = connections.contains { $0["passes"] as? Bool == true }
      #expect(answer["passes"] as? Bool ?? false == (passes && alone == "denied"), "\(line)")
      if passes { seen.insert("passes") }
      #expect(
        answer["from"] as? String == from && answer["to"] as? String == to && answer["port"] as? Int == port)
      seen.insert(alone)
    }
    let unknown =
      "{\"from\":\"nobody\",\"to\":\"web-1\",\"protocol\":\"tcp\",\"port\":80, \"id\": \"\u{202e}\"}"
    let odd = run(["--batch", "-"], input: "\(unknown)\r\n[1]\n{}\n").split(separator: "\n")
    let answer = try object(try #require(odd.first))
    #expect(answer["from"] as? String == "nobody" && answer["id"] as? String == "\u{202e}")
    #expect((answer["error"] as? String)?.contains("'nobody' is no host") == true)
    #expect(!odd[0].unicodeScalars.contains("\u{202e}"))
    #expect(
      try odd[1...2].map { Array(try object($0).keys).sorted() } == [
        ["error", "format_version"], ["error", "format_version"],
      ])
    #expect(seen == ["allowed", "denied", "in part", "passes"])
  }

  private func run(_ question: Question, _ options: [String]) -> (status: Int32, output: String) {
    ChildProcess.run(
      ["env", "--chdir=\(Golden.root)", "\(ChildProcess.products)/sekisho", "explain"] + question.words
        + ["-i", question.inventory, "--no-color"] + options)
  }
}
