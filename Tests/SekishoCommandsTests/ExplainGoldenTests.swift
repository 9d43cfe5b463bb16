import ChildProcess
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

  private func run(_ question: Question, _ options: [String]) -> (status: Int32, output: String) {
    ChildProcess.run(
      ["env", "--chdir=\(Golden.root)", "\(ChildProcess.products)/sekisho", "explain"] + question.words
        + ["-i", question.inventory, "--no-color"] + options)
  }
}
