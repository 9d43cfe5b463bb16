import ChildProcess
import Foundation
import Goldens
import Testing

/// What the page of an example tells to type is typed, in a directory of its own, and says what the page shows.
@Suite struct ExampleExerciseTests {
  static let examples = [
    "containers", "dual-stack-database", "gateway", "observe", "time-limited", "tripwires", "two-tier-web",
    "virtual-address",
  ]

  /// The commands of a page, and what stands behind them as their output.
  private static func exercise(of example: String) throws -> (script: String, shown: [String]) {
    let page = try String(contentsOfFile: "\(Golden.root)/examples/\(example)/README.md", encoding: .utf8)
    let script = try #require(page.components(separatedBy: "```sh\n").dropFirst().first)
    let behind = try #require(script.components(separatedBy: "```\n\n```text\n").dropFirst().first)
    return (
      try #require(script.components(separatedBy: "```\n").first),
      try #require(behind.components(separatedBy: "```").first).split(separator: "\n").map(String.init)
    )
  }

  @Test(arguments: examples) func `commands of an example say what its page shows`(example: String) throws {
    let (script, shown) = try Self.exercise(of: example)
    let directory = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    let root = getuid() == 0 ? "\"$@\"" : "unshare --user --map-root-user \"$@\""
    let lead = """
      exec 2>&1
      sudo() { \(root); }
      cd '\(directory.path)'
      ln -s '\(Golden.root)/examples' examples

      """
    let told = ChildProcess.run(
      ["sh", "-c", lead + script],
      environment: [
        "NO_COLOR": "1", "PATH": "\(ChildProcess.products):/usr/sbin:/usr/bin:/sbin:/bin",
        "SEKISHO_RUNTIME_DIR": "\(directory.path)/run", "SEKISHO_STATE_DIR": "\(directory.path)/state",
      ])
    let missing = ShownOutput.missing(shown, in: told.output)
    #expect(missing == nil, "\(told.output)")
    #expect(shown.filter { $0 != "…" }.count > 1)
  }

  @Test func `no example is forgotten`() throws {
    let there = try FileManager.default.contentsOfDirectory(atPath: "\(Golden.root)/examples")
    // A package: Tests/Packages/library builds and asks it.
    #expect(Set(there).subtracting(["README.md", "library"]) == Set(Self.examples))
  }
}
