import ChildProcess
import Foundation
import Goldens
import Testing

/// What `sekisho diff` says of two inventories, word for word: `Tests/Golden/diff/CASE` holds `old.yaml` and
/// `new.yaml`, and beside them what is said.
@Suite struct DiffGoldenTests {
  static let cases = [
    "a-flat-network-becomes-a-list", "a-flow-between-networks-is-added", "a-flow-gets-an-end",
    "a-flow-is-added", "a-flow-is-removed",
    "a-flow-is-renamed",
    "a-flow-through-a-gateway-is-added", "a-flow-to-a-network-with-a-host-in-it",
    "a-gateway-becomes-a-host-of-containers", "a-group-is-renamed",
    "a-host-becomes-a-crown-jewel", "a-host-is-gone", "a-host-is-new", "a-host-is-readdressed",
    "a-host-joins-a-group",
    "a-host-leaves-a-group", "a-host-moves-and-lets-all-pass", "a-host-moves-into-a-network",
    "a-host-of-containers-only-observes",
    "a-port-changes", "a-route-goes",
    "a-service-gets-more-ports",
    "a-timed-flow-becomes-another-for-good", "a-timed-flow-is-prolonged",
    "bridges-and-ways-out-of-containers-change", "drop-becomes-reject",
    "enforce-becomes-leave", "enforce-becomes-observe", "gateway-is-left-alone", "hosts-become-prefixes",
    "hosts-begin-and-cease-to-judge-containers", "leave-becomes-enforce", "many-hosts-change",
    "networks-grow", "nobody-can-log-in", "nothing-changes", "observe-becomes-enforce", "routes-change",
  ]

  @Test func `every directory is a case`() {
    #expect(Golden.names("diff") == Self.cases)
  }

  @Test(arguments: cases)
  func `a difference is told in these words`(name: String) throws {
    let expected: Int32 = name == "nothing-changes" ? 0 : 2
    for (options, file) in [([], "flows.txt"), (["--objects"], "objects.txt")] {
      let command = ["diff", "old.yaml", "new.yaml"] + options
      let told = run(command + ["--no-color"], in: name)
      #expect(told.status == expected)
      let text = "$ sekisho \(command.joined(separator: " "))\n\(told.output)exit \(told.status)\n"
      #expect(Golden.fault(text, "diff/\(name)/\(file)") == nil)
    }
    let told = run(["diff", "old.yaml", "new.yaml", "--json"], in: name)
    #expect(told.status == expected)
    #expect(Golden.fault(told.output, "diff/\(name)/diff.json") == nil)
    let page = run(["diff", "old.yaml", "new.yaml", "--markdown", "-q"], in: name)
    #expect(page.status == expected)
    #expect(Golden.fault(page.output, "diff/\(name)/diff.md") == nil)
    #expect(
      Golden.names("diff/\(name)") == [
        "compiled.txt", "diff.json", "diff.md", "flows.txt", "new.yaml", "objects.txt", "old.yaml",
      ])
  }

  @Test(arguments: cases)
  func `compiled directories are told apart in these words`(name: String) throws {
    let directory = NSTemporaryDirectory() + "sekisho-diff-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    for side in ["old", "new"] {
      let made = run(["compile", "-q", "-i", "\(side).yaml", "-o", "\(directory)/\(side)"], in: name)
      #expect(made.status == 0, "\(made.output)")
    }
    let told = run(["diff", "\(directory)/old", "\(directory)/new", "--no-color"], in: name)
    let text = "$ sekisho diff old new\n\(told.output)exit \(told.status)\n"
    #expect(Golden.fault(text, "diff/\(name)/compiled.txt") == nil)
  }

  /// A person who reads Markdown, one at a terminal and a program learn of the same lines and exceptions; that these add up
  /// to the difference is tested of the values that all three are made of.
  @Test(arguments: cases)
  func `text, Markdown and JSON tell the same lines and the same exceptions`(name: String) throws {
    func golden(_ file: String) throws -> String {
      try String(contentsOfFile: "\(Golden.root)/Tests/Golden/diff/\(name)/\(file)", encoding: .utf8)
    }
    let text = try golden("flows.txt").split(separator: "\n")
    let markdown = try golden("diff.md").split(separator: "\n")
    let json = try #require(
      try JSONSerialization.jsonObject(with: Data(try golden("diff.json").utf8)) as? [String: Any])
    let meaning = json["meaning"] as? [String: Any] ?? [:]
    let lists = [
      "opened", "closed", "may_open", "may_close", "half_opened", "half_closed", "forward_opened",
      "forward_closed", "still_passing", "later_opened", "later_closed",
    ]
    let lines = lists.flatMap { meaning[$0] as? [[String: Any]] ?? [] }
    let isOfMode = { (line: Substring) in line.contains("everything that no flow allows") }
    let inText = text.filter { $0.contains(" → ") && ($0.hasPrefix("  + ") || $0.hasPrefix("  - ")) }
    let inMarkdown = markdown.filter { $0.hasPrefix("| ➕ ") || $0.hasPrefix("| ➖ ") }
    #expect(inText.count == inMarkdown.count)
    #expect(inText.count { !isOfMode($0) } == lines.count)
    let modes = meaning["modes"] as? [Any] ?? []
    #expect(inText.contains(where: isOfMode) == (!modes.isEmpty && inText.count > lines.count))

    let exceptions = text.filter { $0.contains("but not ") && $0.hasPrefix("    ") }
    #expect(exceptions.count == markdown.count { $0.hasPrefix("| but not ") })
    let pierced = lines.filter { !($0["exceptions"] as? [Any] ?? []).isEmpty }
    #expect(exceptions.isEmpty == pierced.isEmpty)
    #expect(exceptions.count >= pierced.count)
  }

  @Test(arguments: cases)
  func `an inventory does not differ from itself`(name: String) {
    for inventory in ["old.yaml", "new.yaml"] {
      let told = run(["diff", inventory, inventory], in: name)
      #expect(told.status == 0, "\(told.output)")
    }
  }

  /// Both output streams, as a terminal shows them.
  private func run(_ arguments: [String], in name: String) -> (status: Int32, output: String) {
    ChildProcess.run(
      ["env", "--chdir=\(Golden.root)/Tests/Golden/diff/\(name)", "\(ChildProcess.products)/sekisho"]
        + arguments)
  }
}
