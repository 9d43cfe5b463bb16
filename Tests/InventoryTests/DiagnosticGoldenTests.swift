import Diagnostics
import Foundation
import Inventory
import Testing

/// One directory of `Tests/Golden`: the files of an inventory, and the report they must give.
struct GoldenCase: CustomTestStringConvertible {
  let directory: String

  var testDescription: String { String(directory.split(separator: "/").last ?? "") }

  /// The cases of a kind, sorted.
  static func all(_ kind: String) -> [Self] {
    let root = "\(Repository.root)/Tests/Golden/\(kind)"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
    return names.sorted().map { Self(directory: "\(root)/\($0)") }
  }

  /// Everything in the directory but the expectation, with paths relative to it.
  func files() throws -> [SourceFile] {
    try FileManager.default.subpathsOfDirectory(atPath: directory).filter {
      $0.hasSuffix("ml") || $0.hasSuffix("json")
    }
    .map { SourceFile(path: $0, bytes: [UInt8](try Data(contentsOf: URL(filePath: "\(directory)/\($0)")))) }
  }

  /// Compares a report with `expected.txt`; `RECORD=1` writes the file, and the test still fails.
  func check(_ text: String) throws {
    let path = "\(directory)/expected.txt"
    if ProcessInfo.processInfo.environment["RECORD"] == "1" {
      let known = try? String(contentsOfFile: path, encoding: .utf8)
      if known != text {
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        Issue.record("recorded \(path)")
      }
    }
    let expected = try String(contentsOfFile: path, encoding: .utf8)
    #expect(text == expected)
  }
}

@Suite struct DiagnosticGoldenTests {
  @Test(arguments: GoldenCase.all("reject"))
  func `a mistake is refused in these words`(golden: GoldenCase) throws {
    let loaded = Inventory.load(try golden.files())
    #expect(loaded.policy == nil)
    #expect(loaded.report.hasErrors)
    try golden.check(loaded.report.text(loaded.sources))
  }

  @Test(arguments: GoldenCase.all("lint"))
  func `what is doubtful is said in these words`(golden: GoldenCase) throws {
    let loaded = Inventory.load(try golden.files())
    #expect(loaded.policy != nil)
    try golden.check(loaded.report.text(loaded.sources))
  }

  @Test func `there are cases to check`() {
    #expect(GoldenCase.all("reject").count > 50)
    #expect(GoldenCase.all("lint").count > 5)
  }
}
