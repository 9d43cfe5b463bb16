import ChildProcess
import Foundation
import Testing

/// What a service of code review reads of a check.
@Suite struct CheckFormatTests {
  private func run(_ inventory: String, _ options: [String]) throws -> (status: Int32, output: String) {
    let directory = FileManager.default.temporaryDirectory.appending(path: "check-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    try inventory.write(to: directory.appending(path: "a b.yaml"), atomically: true, encoding: .utf8)
    let told = ChildProcess.run(
      ["env", "--chdir=\(directory.path)", "sh", "-c", "exec \"$@\" 2>/dev/null", "sh"]
        + ["\(ChildProcess.products)/sekisho", "check", "-i", "a b.yaml"] + options)
    return (told.status, told.output)
  }

  private static let sound = """
    version: 1
    services: {ssh: tcp/22}
    hosts: {a: {addresses: [10.0.0.1]}, b: {addresses: [10.0.0.2]}}
    flows: {f: {from: a, to: b, service: ssh, why: test}}
    """

  static let cases: [(inventory: String, options: [String], status: Int32, kinds: [String])] = [
    (sound, [], 0, []), (sound, ["--lint"], 0, ["no-management", "no-owner"]),
    (sound, ["--lint", "--strict"], 2, ["no-management", "no-owner"]),
    (sound + "\nguards: {g: {never: {from: a, to: b, within: 1 hop}}}", [], 4, ["guard"]),
    (sound + "\nhots: {}", [], 1, ["mistake"]),
  ]

  @Test(arguments: cases)
  func `a log of SARIF has each finding with its place`(
    _ example: (inventory: String, options: [String], status: Int32, kinds: [String])
  ) throws {
    let told = try run(example.inventory, example.options + ["--format", "sarif"])
    #expect(told.status == example.status)
    let log = try #require(try JSONSerialization.jsonObject(with: Data(told.output.utf8)) as? [String: Any])
    #expect(log["version"] as? String == "2.1.0")
    let run = try #require((log["runs"] as? [[String: Any]])?.first)
    let results = try #require(run["results"] as? [[String: Any]])
    #expect(Set(results.compactMap { $0["ruleId"] as? String }) == Set(example.kinds), "\(told.output)")
    let tool = try #require((run["tool"] as? [String: Any])?["driver"] as? [String: Any])
    #expect((tool["rules"] as? [[String: String]])?.compactMap { $0["id"] } == example.kinds.sorted())
    for result in results {
      let location = try #require((result["locations"] as? [[String: Any]])?.first)
      let place = try #require(location["physicalLocation"] as? [String: Any])
      #expect((place["artifactLocation"] as? [String: String])?["uri"] == "a%20b.yaml")
      let region = try #require(place["region"] as? [String: Int])
      #expect(try #require(region["endColumn"]) > (try #require(region["startColumn"])))
    }
  }

  @Test(arguments: cases)
  func `a workflow is told in commands`(
    _ example: (inventory: String, options: [String], status: Int32, kinds: [String])
  ) throws {
    let told = try run(example.inventory, example.options + ["--format", "github"])
    #expect(told.status == example.status)
    let lines = told.output.split(separator: "\n")
    #expect(lines.isEmpty == example.kinds.isEmpty)
    for line in lines {
      #expect(
        line.hasPrefix("::error file=a b.yaml,line=") || line.hasPrefix("::warning file=a b.yaml,line="))
      #expect(example.kinds.contains { line.contains(",title=sekisho%3A \($0)::") }, "\(line)")
    }
  }

  /// A flow that was there lacks an owner, too; only what comes with the change is told.
  static let changes: [(new: String, status: Int32, kinds: [String])] = [
    (sound, 0, []),
    (sound + "\n  ", 0, []),
    (
      sound.replacingOccurrences(
        of: "why: test}}", with: "why: test}, g: {from: a, to: b, service: ssh, why: t}}"),
      0, ["covered", "no-owner"]
    ),
    (sound + "\nguards: {g: {never: {from: a, to: b, within: 1 hop}}}", 4, ["guard"]),
    (sound + "\nhots: {}", 1, ["mistake"]),
  ]

  @Test(arguments: changes)
  func `of a change is told what it brings`(_ example: (new: String, status: Int32, kinds: [String])) throws {
    let directory = FileManager.default.temporaryDirectory.appending(path: "diff-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    for (name, text) in [("old.yaml", Self.sound), ("new.yaml", example.new)] {
      try text.write(to: directory.appending(path: name), atomically: true, encoding: .utf8)
    }
    for (format, mark) in [("github", "title=sekisho%3A KIND::"), ("sarif", "\"ruleId\":\"KIND\"")] {
      let told = ChildProcess.run(
        ["env", "--chdir=\(directory.path)", "sh", "-c", "exec \"$@\" 2>/dev/null", "sh"]
          + ["\(ChildProcess.products)/sekisho", "diff", "old.yaml", "new.yaml", "--format", format])
      #expect(told.status == example.status, "\(told.output)")
      let text = told.output.filter { format == "github" || !$0.isWhitespace }
      for kind in ["covered", "no-owner", "guard", "mistake", "no-management"] {
        #expect(
          text.contains(mark.replacingOccurrences(of: "KIND", with: kind)) == example.kinds.contains(kind),
          "\(kind): \(told.output)")
      }
    }
  }

  @Test func `nothing in a name ends a command`() throws {
    let told = try run(Self.sound + "\n\"x%,::\\n::error::forged\": 1", ["--format", "github"])
    #expect(told.status == 1)
    #expect(told.output.split(separator: "\n").allSatisfy { $0.hasPrefix("::error file=a b.yaml,line=") })
    #expect(!told.output.contains("\n::error::forged"))
  }
}
