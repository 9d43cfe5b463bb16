import Foundation
import Testing

/// The table of docs/architecture.md against the import lines.
@Suite struct LayerTests {
  private static let root = URL(filePath: #filePath).appending(path: "../../..").standardizedFileURL

  /// Target to what it may import, as the page says.
  private static func table() throws -> [String: Set<String>] {
    let page = try String(contentsOf: root.appending(path: "docs/architecture.md"), encoding: .utf8)
    var table: [String: Set<String>] = [:]
    for line in page.split(separator: "\n") where line.hasPrefix("| `") {
      let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      guard cells.count == 3 else { continue }
      let name = cells[0].trimmingCharacters(in: CharacterSet(charactersIn: "`"))
      table[name] =
        cells[2] == "-"
        ? [] : Set(cells[2].split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) })
    }
    return table
  }

  private static func imports(of target: String) throws -> Set<String> {
    let directory = root.appending(path: "Sources/\(target)")
    var result: Set<String> = []
    for path in try FileManager.default.subpathsOfDirectory(atPath: directory.path)
    where path.hasSuffix(".swift") {
      let text = try String(contentsOf: directory.appending(path: path), encoding: .utf8)
      // What is indented is code or text: help may have the word, too.
      for line in text.split(separator: "\n") where !line.hasPrefix("//") && !line.hasPrefix(" ") {
        let words = line.split(separator: " ")
        if let position = words.firstIndex(of: "import"), position <= 1, words.count > position + 1 {
          result.insert(String(words[position + 1]))
        }
      }
    }
    return result
  }

  private static func targets() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: root.appending(path: "Sources").path).sorted()
  }

  @Test func `every layer imports only what the architecture page lets it`() throws {
    let table = try Self.table()
    #expect(table.count >= 15)
    for target in try Self.targets() where !Self.isOfC(target) {
      let allowed = try #require(table[target], "\(target) is not in the table of docs/architecture.md")
      let imports = try Self.imports(of: target)
      #expect(imports.subtracting(allowed).isEmpty, "\(target) imports more than its row says")
      #expect(allowed.subtracting(imports).isEmpty, "the row of \(target) allows what it does not import")
    }
  }

  @Test func `every layer has a page that says its duty and where to start reading`() throws {
    for target in try Self.targets() where !Self.isOfC(target) && target != "sekisho" {
      let page = try String(
        contentsOf: Self.root.appending(path: "Sources/\(target)/README.md"), encoding: .utf8)
      for part in ["**Duty**", "**In**", "**Out**", "**Must not know**", "**Start reading**"] {
        #expect(page.contains(part), "\(target) lacks \(part)")
      }
      let named = page.split(separator: "`").filter { $0.hasSuffix(".swift") }
      #expect(!named.isEmpty)
      for file in named {
        let exists = FileManager.default.fileExists(
          atPath: Self.root.appending(path: "Sources/\(target)/\(file)").path)
        #expect(exists, "\(target): \(file) is named and does not exist")
      }
    }
  }

  @Test func `every type that others see says what it is`() throws {
    for target in try Self.targets() where !Self.isOfC(target) {
      let directory = Self.root.appending(path: "Sources/\(target)")
      for path in try FileManager.default.subpathsOfDirectory(atPath: directory.path)
      where path.hasSuffix(".swift") {
        let lines = try String(contentsOf: directory.appending(path: path), encoding: .utf8)
          .split(separator: "\n", omittingEmptySubsequences: false)
        for (number, line) in lines.enumerated()
        // A regular expression for each line takes a minute.
        where (line.contains("public ") || line.contains("package "))
          && line.contains(#/^\s*(public|package) (final |indirect )?(struct|enum|class|actor|protocol) /#)
        {
          let before = number > 0 ? lines[number - 1].trimmingCharacters(in: .whitespaces) : ""
          #expect(before.hasPrefix("///") || before.hasPrefix("@"), "\(target)/\(path):\(number + 1)")
        }
      }
    }
  }

  @Test func `no test waits for a child by a run loop`() throws {
    // Foundation's Process now and then never hears that its child has ended; Support/ChildProcess does.
    let directory = Self.root.appending(path: "Tests")
    for path in try FileManager.default.subpathsOfDirectory(atPath: directory.path)
    where path.hasSuffix(".swift") {
      let text = try String(contentsOf: directory.appending(path: path), encoding: .utf8)
      #expect(!text.contains("= Process" + "()"), "\(path)")
    }
  }

  /// Those of C import nothing of ours.
  private static func isOfC(_ target: String) -> Bool {
    ["module.modulemap", "include"].contains {
      FileManager.default.fileExists(atPath: root.appending(path: "Sources/\(target)/\($0)").path)
    }
  }
}
