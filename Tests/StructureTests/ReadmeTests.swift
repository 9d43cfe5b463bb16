import Foundation
import Testing

/// Who reads the README in another language is told the same commands, pages and figures.
@Suite struct ReadmeTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// What of a text is in no language of people.
  private struct Content: Equatable {
    /// Lines within fences, without what is said behind a `#`.
    var code: [String] = []
    var links: [String] = []
    var headings = 0
    /// Cells of tables that hold figures: the numbers in them.
    var figures: [[String]] = []

    init(_ name: String) throws {
      let text = try String(contentsOf: ReadmeTests.root.appending(path: name), encoding: .utf8)
      var isCode = false
      for line in text.split(separator: "\n") {
        if line.hasPrefix("```") {
          isCode.toggle()
          code.append(String(line))
        } else if isCode {
          let command = line.split(separator: " #", maxSplits: 1)[0]
          code.append(String(command).trimmingCharacters(in: .whitespaces))
        } else {
          if line.hasPrefix("#") { headings += 1 }
          links += line.matches(of: /\]\(([^)]+)\)/).map { String($0.1) }
          if line.hasPrefix("|") {
            let cells = line.split(separator: "|")
            figures.append(
              cells.suffix(1).flatMap { $0.matches(of: /[0-9]+(\.[0-9]+)?/).map { String($0.0) } })
          }
        }
      }
      // Each leads to the other.
      links.removeAll { $0.hasPrefix("README") }
    }
  }

  @Test func `both languages have the same commands, links and figures`() throws {
    let (english, japanese) = (try Content("README.md"), try Content("README.ja.md"))
    #expect(english.code == japanese.code)
    #expect(english.links == japanese.links)
    #expect(english.headings == japanese.headings)
    #expect(english.figures.map { $0.sorted() } == japanese.figures.map { $0.sorted() })
    #expect(english.code.count > 50 && english.links.count > 4 && english.figures.joined().count > 8)
  }
}
