import Foundation
import Testing

/// Names, comments and ends of compiled tables are written and read in `RulesetShape` alone.
@Suite struct ShapeWordsTests {
  private static let sources = URL(filePath: #filePath).appending(path: "../../../Sources")
    .standardizedFileURL

  /// Literals that names and comments are made of, or told by.
  private static let words = [
    #""(in|out|forward)[./]"#, #""[./](deny|not-new|dnat|replies)"#, #""not-new"#, #""\.v[46]"#,
    #""\.\\\(.*suffix\)"#, #""denied-(icmp|other)"#, #""asking"#,
    #"(in|out|forward|prefix\))/(deny|not-new|dnat)"#,
    #""(dnat|expired|protocol-)[.\\]"#, #"has ended""#, #""observed:"#, #"TableName\("sekisho"\)"#,
  ]

  /// The lines of a target that hold such a literal.
  private static func lines(of target: String) throws -> [String] {
    let pattern = try Regex(words.joined(separator: "|"))
    let directory = sources.appending(path: target)
    var found: [String] = []
    for path in try FileManager.default.subpathsOfDirectory(atPath: directory.path).sorted()
    where path.hasSuffix(".swift") {
      let text = try String(contentsOf: directory.appending(path: path), encoding: .utf8)
      for line in text.split(separator: "\n").map({ $0.drop(while: \.isWhitespace) })
      where !line.hasPrefix("//") && line.contains(pattern) {
        found.append("\(target)/\(path): \(line)")
      }
    }
    return found
  }

  @Test func `no target but one spells what compiled tables call things`() throws {
    let targets = try FileManager.default.contentsOfDirectory(atPath: Self.sources.path).sorted()
    for target in targets where target != "RulesetShape" {
      #expect(try Self.lines(of: target) == [])
    }
    #expect(try Self.lines(of: "RulesetShape").count > 5, "these are not the words that it spells")
  }
}
