import ChildProcess
import Foundation
import Goldens
import Testing

/// docs/json.md against what the verbs answer.
@Suite(.enabled(if: Namespace.obstacle == nil, "\(Namespace.obstacle ?? "")")) struct JSONPageTests {
  /// A row of a table, of one key.
  struct Row {
    let key: String
    /// `text`, `number`, `bool`, `list` or `object`.
    let type: String
    /// Whether what is in it is described elsewhere.
    let isOfOthers: Bool
    let isSometimes: Bool
  }

  /// What is said of some verbs.
  struct Chapter {
    let verbs: [String]
    var rows: [Row] = []
    /// Everything in backquotes.
    var words: Set<String> = []
  }

  /// By its headings: `## \`open\`, \`close\``; the first, of every answer, has no verbs.
  static func chapters() throws -> [Chapter] {
    let page = try String(contentsOfFile: "\(Golden.root)/docs/json.md", encoding: .utf8)
    return page.split(separator: "\n## ").dropFirst().map { text in
      let lines = text.split(separator: "\n")
      var chapter = Chapter(verbs: quoted(lines[0]))
      for line in lines.dropFirst() {
        chapter.words.formUnion(quoted(line))
        let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
        guard line.hasPrefix("| `"), cells.count == 3 else { continue }
        for key in quoted(cells[0]) {
          chapter.rows.append(
            Row(
              key: key, type: String(cells[1].prefix { $0.isLetter }), isOfOthers: cells[1].contains(" as "),
              isSometimes: cells[1].hasSuffix(", sometimes") || cells[1].contains(" as of hops")))
        }
      }
      return chapter
    }
  }

  private static func quoted(_ line: some StringProtocol) -> [String] {
    line.split(separator: "`", omittingEmptySubsequences: false).enumerated().filter { $0.offset % 2 == 1 }
      .map { String($0.element) }
  }

  /// What the verbs answer: objects, by verb.
  private static func answers() throws -> [String: [[String: Any]]] {
    let directory = FileManager.default.temporaryDirectory.appending(path: "answers-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    let told = ChildProcess.run([
      "unshare", "-Urn", "--mount", "env", "PATH=\(ChildProcess.products):/usr/sbin:/usr/bin:/sbin:/bin",
      "\(Golden.root)/Tests/Answers/ask", directory.path,
    ])
    #expect(told.status == 0, "\(told.output)")
    var found: [String: [[String: Any]]] = [:]
    let answers = directory.appending(path: "answers")
    for file in try FileManager.default.contentsOfDirectory(atPath: answers.path)
    where file.hasSuffix(".json") {
      let data = try Data(contentsOf: answers.appending(path: file))
      let whole = try? JSONSerialization.jsonObject(with: data) as? [String: Any]
      let objects =
        try whole.map { [$0] }
        ?? data.split(separator: 0x0a).map { line in
          try #require(try JSONSerialization.jsonObject(with: line) as? [String: Any], "\(file)")
        }
      #expect(!objects.isEmpty || file.hasPrefix("denied."), "\(file) \(told.output)")
      found[String(file.prefix { $0 != "." }), default: []] += objects
    }
    return found
  }

  /// Keys of an object with the types of their values, and those of objects that are in it.
  private static func keys(of object: [String: Any]) -> [(key: String, type: String)] {
    object.flatMap { key, value -> [(String, String)] in
      let inside = items(value)
      let below = inside.items.flatMap { item in
        item.map { ("\(key)\(inside.mark).\($0.key)", type(of: $0.value)) }
      }
      return [(key, type(of: value))] + below
    }
  }

  private static func items(_ value: Any) -> (mark: String, items: [[String: Any]]) {
    if let object = value as? [String: Any] { return ("", [object]) }
    return ("[]", value as? [[String: Any]] ?? [])
  }

  private static func type(of value: Any) -> String {
    switch value {
    case is String: "text"
    case is [Any]: "list"
    case is [String: Any]: "object"
    case is NSNull: "null"
    case let number as NSNumber: String(cString: number.objCType) == "c" ? "bool" : "number"
    default: "nothing that is known"
    }
  }

  @Test func `the page has every key of every answer, and no other`() throws {
    let chapters = try Self.chapters()
    let common = try #require(chapters.first)
    let answers = try Self.answers()
    #expect(answers.count > 25)
    var sources = ""
    for directory in ["SekishoCommands", "AgentProtocol", "Diagnostics"] {
      let root = "\(Golden.root)/Sources/\(directory)"
      for file in try FileManager.default.subpathsOfDirectory(atPath: root) where file.hasSuffix(".swift") {
        sources += try String(contentsOfFile: "\(root)/\(file)", encoding: .utf8)
      }
    }
    for (verb, objects) in answers {
      let chapter = try #require(
        chapters.first { $0.verbs.contains(verb) }, "docs/json.md says nothing of \(verb)")
      let rows = Dictionary(
        (chapter.rows + common.rows).map { ($0.key, $0) }, uniquingKeysWith: { own, _ in own })
      for object in objects {
        #expect(object["format_version"] as? Int == 1, "\(verb)")
        for (key, type) in Self.keys(of: object) {
          let parts = key.split(separator: ".").map { $0.split(separator: "[")[0] }
          if let row = rows[key] {
            let isOfBatch = verb == "explain" && key == "error"
            #expect(row.type == type || isOfBatch, "\(verb): `\(key)` is a \(type)")
          } else if parts.count == 1 {
            let isListed = rows.keys.contains { $0.hasPrefix("\(key).") || $0.hasPrefix("\(key)[") }
            #expect(isListed, "\(verb): `\(key)` is not in docs/json.md")
          } else if rows[String(parts[0])]?.isOfOthers != true {
            #expect(chapter.words.contains(String(parts[1])), "\(verb): `\(key)` is not in docs/json.md")
          }
          #expect(type != "null", "\(verb): `\(key)`")
        }
      }
    }
    for chapter in chapters {
      let verbs = chapter.verbs.isEmpty ? Array(answers.keys) : chapter.verbs
      let objects = verbs.flatMap { answers[$0] ?? [] }
      let there = Set(objects.flatMap { Self.keys(of: $0).map(\.key) })
      for row in chapter.rows where !there.contains(row.key) {
        #expect(row.isSometimes, "\(chapter.verbs): `\(row.key)` is in no answer")
        // It may be rare, but somebody writes it.
        let words = row.key.split(separator: ".").last.map { $0.split(separator: "_") } ?? []
        let name = String(words[0]) + words.dropFirst().map(\.capitalized).joined()
        #expect(
          sources.contains("\(name):") || sources.contains("\(name) ") || sources.contains("\(name),"),
          "\(row.key)")
      }
    }
  }

  @Test func `every verb that answers programs is on the page`() throws {
    let told = ChildProcess.run(
      ["\(ChildProcess.products)/sekisho", "--help"], environment: ["COLUMNS": "200"])
    let lines = told.output.split(separator: "\n").drop { !$0.hasPrefix("SUBCOMMANDS:") }.dropFirst()
    let verbs = lines.filter { $0.hasPrefix("  ") && !$0.hasPrefix("   ") }
      .compactMap { $0.split(separator: " ").first.map(String.init) }.filter { $0 != "See" }
    #expect(verbs.count > 25)
    let known = Set(try Self.chapters().flatMap(\.verbs))
    // One answers in a language of others, one speaks a protocol of its own.
    #expect(Set(verbs).subtracting(known).sorted() == ["agent", "schema"])
  }
}
