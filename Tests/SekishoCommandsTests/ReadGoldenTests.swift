import ChildProcess
import Foundation
import Goldens
import Testing

/// What `sekisho read` says of rulesets that lie in files, word for word: `Tests/Golden/read/CASE` holds `ruleset.json`, as
/// `nft -j list ruleset` printed it, and beside it what is said.
@Suite struct ReadGoldenTests {
  static let cases = ["addresses-translated", "hand-written", "nothing-at-all", "reference-database"]

  @Test func `every directory is a case`() {
    #expect(Golden.names("read") == Self.cases)
  }

  @Test(arguments: cases)
  func `what a ruleset lets pass is told in these words`(name: String) {
    let told = run(["read", "ruleset.json", "--allows", "--no-color"], in: name)
    #expect(told.status == 0)
    let text = "$ sekisho read ruleset.json --allows\n\(told.output)"
    #expect(Golden.fault(text, "read/\(name)/allows.txt") == nil)
    let json = run(["read", "ruleset.json", "--allows", "--json"], in: name)
    #expect(json.status == 0)
    #expect(Golden.fault(json.output, "read/\(name)/allows.json") == nil)
  }

  @Test(arguments: cases)
  func `a ruleset that is written as JSON again lets pass the same`(name: String) throws {
    let directory = NSTemporaryDirectory() + "sekisho-read-\(UUID().uuidString).json"
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let written = run(["read", "ruleset.json", "--json"], in: name)
    #expect(written.status == 0)
    try written.output.write(toFile: directory, atomically: true, encoding: .utf8)
    #expect(
      run(["read", directory, "--allows", "--json"], in: name).output.replacing(
        directory, with: "ruleset.json")
        == run(["read", "ruleset.json", "--allows", "--json"], in: name).output)
  }

  @Test func `what is no ruleset is refused with a way to make one`() {
    let told = run(["read", "allows.txt", "--allows"], in: "hand-written")
    #expect(told.status == 1)
    #expect(told.output.contains("allows.txt") && told.output.contains("nft -j list ruleset"))
  }

  @Test func `a hand-written ruleset is compared with what a host is to have`() {
    let inventory = "\(Golden.root)/Tests/Golden/diff/a-flow-is-added/new.yaml"
    let told = run(["diff", "ruleset.json", inventory, "--host", "api-1", "--no-color"], in: "hand-written")
    #expect(told.status == 2)
    let text =
      "$ sekisho diff ruleset.json new.yaml --host api-1\n"
      + told.output.replacing(inventory, with: "new.yaml")
    #expect(Golden.fault(text, "read/hand-written/diff.txt") == nil)
    let nameless = run(["diff", "ruleset.json", inventory], in: "hand-written")
    #expect(nameless.status == 64 && nameless.output.contains("--host NAME"), "\(nameless.output)")
  }

  /// Options, and of which ways of packets bridges of containers are said to be apart.
  static let ways: [(options: [String], apart: [String])] = [
    (["--allows"], ["comes", "goes", "comes or goes"]), (["--allows", "--in", "eth0"], ["goes", "goes"]),
    (["--allows", "--out", "eth0"], ["comes", "comes"]), (["--allows", "--in", "eth0", "--out", "eth0"], []),
    (["--ask", "10.4.0.9", "10.4.1.11", "tcp/80"], ["comes"]),
    (["--ask", "10.4.0.9", "10.4.1.11", "tcp/80", "--in", "eth0"], []),
    (["--ask", "10.4.0.9", "10.4.1.11", "tcp/80", "--out", "eth0"], []),
  ]

  @Test(arguments: ways)
  func `bridges of containers are said to be apart where no link was named`(
    options: [String], apart: [String]
  ) throws {
    let directory = NSTemporaryDirectory() + "sekisho-bridges-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    let inventory = """
      version: 1
      services: {web: tcp/80}
      hosts:
        a: {addresses: [10.4.0.9]}
        b: {addresses: [10.4.1.11], forwarding: containers, containers: {bridges: docker0}}
      flows:
        a-to-b: {from: a, to: b, service: web, why: test}

      """
    try inventory.write(toFile: "\(directory)/all.yaml", atomically: true, encoding: .utf8)
    let sekisho = "\(ChildProcess.products)/sekisho"
    let made = ChildProcess.run([sekisho, "compile", "-q", "-i", "\(directory)/all.yaml", "-o", directory])
    #expect(made.status == 0, "\(made.output)")
    let told = ChildProcess.run([sekisho, "read", "\(directory)/b.json", "--no-color"] + options)
    #expect(told.status == 0, "\(told.output)")
    let said = told.output.split(separator: "\n").filter { $0.contains("bridges of containers") }.map {
      String($0.drop { $0 == " " })
    }
    let hints = [
      "comes": "--in NAME tells", "goes": "--out NAME tells",
      "comes or goes": "--in NAME and --out NAME tell",
    ]
    #expect(
      said == apart.map { "what \($0) by bridges of containers (docker0) apart; \(hints[$0] ?? "") it" })
  }

  private func run(_ arguments: [String], in name: String) -> (status: Int32, output: String) {
    ChildProcess.run(
      ["env", "--chdir=\(Golden.root)/Tests/Golden/read/\(name)", "\(ChildProcess.products)/sekisho"]
        + arguments)
  }
}
