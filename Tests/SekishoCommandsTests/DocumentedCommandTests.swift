import ChildProcess
import Foundation
import Goldens
import Testing

/// What pages tell people to type is there. That it does what they say is for other tests: of the first day for instance,
/// whose page is gone through as a whole (Tests/Packages).
@Suite struct DocumentedCommandTests {
  static let pages = [
    "README.md",
    "README.ja.md",
    "docs/first-day.md",
    "docs/operations.md",
    "docs/inventory.md",
    "docs/security.md",
    "docs/agent.md",
    "docs/faq.md",
    "docs/json.md",
    "docs/metrics.md",
    "docs/evidence.md",
    "examples/library/README.md",
    "packaging/README.md",
    "packaging/batch/README.md",
    "examples/README.md",
    "examples/containers/README.md",
    "examples/dual-stack-database/README.md",
    "examples/gateway/README.md",
    "examples/observe/README.md",
    "examples/time-limited/README.md",
    "examples/tripwires/README.md",
    "examples/two-tier-web/README.md",
    "examples/virtual-address/README.md",
  ]

  /// Command lines of blocks of code, without what a shell does around them.
  private static func commands(of page: String) throws -> [String] {
    let text = try String(contentsOfFile: "\(Golden.root)/\(page)", encoding: .utf8)
    var isCode = false
    var found: [String] = []
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("```") {
        isCode = !isCode
        continue
      }
      guard isCode else { continue }
      var words = line.split(separator: "#", omittingEmptySubsequences: false)[0]
      for lead in ["$ ", "- run: ", "sudo ", "for "] where words.hasPrefix(lead) {
        words = words.dropFirst(lead.count)
      }
      guard words.hasPrefix("sekisho ") else { continue }
      found.append(String(words.prefix { !"|;>&".contains($0) }))
    }
    return found
  }

  @Test(arguments: pages) func `every command and option of a page is known`(page: String) throws {
    var helps: [String: String] = [:]
    for command in try Self.commands(of: page) {
      let words = command.split(separator: " ").map(String.init)
      guard words.count > 1, !words[1].hasPrefix("-") else { continue }
      let verb = words[1] == "lab" && words.count > 2 ? ["lab", words[2]] : [words[1]]
      let name = verb.joined(separator: " ")
      if helps[name] == nil {
        let told = ChildProcess.run(["\(ChildProcess.products)/sekisho"] + verb + ["--help"])
        #expect(told.status == 0, "\(page): \(command)")
        helps[name] = told.output
      }
      let help = try #require(helps[name])
      // Behind `--` stands a program of its own.
      for word in words.prefix(while: { $0 != "--" }) where word.hasPrefix("--") {
        let option = word.prefix { $0 != "=" }
        #expect(help.contains("\(option) ") || help.contains("\(option)\n"), "\(page): \(command)")
      }
    }
  }

  @Test func `pages have commands`() throws {
    #expect(try Self.pages.reduce(0) { try $0 + Self.commands(of: $1).count } > 100)
  }

  @Test func `no page is forgotten`() throws {
    let files = FileManager.default
    let there = try files.contentsOfDirectory(atPath: "\(Golden.root)/docs").filter { $0.hasSuffix(".md") }
    // What is told there is not typed.
    let without = ["architecture.md", "performance.md"]
    #expect(
      Set(there).subtracting(without)
        == Set(Self.pages.filter { $0.hasPrefix("docs/") }.map { String($0.dropFirst(5)) }))
    let examples = try files.contentsOfDirectory(atPath: "\(Golden.root)/examples").filter {
      !$0.contains(".")
    }
    #expect(examples.allSatisfy { Self.pages.contains("examples/\($0)/README.md") })
  }
}
