import Foundation
import Testing

/// The walks of docs/architecture.md lead along files that there are.
@Suite struct WalkTests {
  private static let root = URL(filePath: #filePath).appending(path: "../../..").standardizedFileURL

  @Test func `every walk names files of the target it is in, and counts them`() throws {
    let page = try String(contentsOf: Self.root.appending(path: "docs/architecture.md"), encoding: .utf8)
    var walks = 0
    for section in page.split(separator: "\n### ").dropFirst() {
      let lines = section.split(separator: "\n").prefix { !$0.hasPrefix("## ") }
      let heading = try #require(lines.first?.firstMatch(of: #/: (\d+) files$/#), "\(lines.first ?? "")")
      var files = 0
      for line in lines where line.contains(#/^\d+\. /#) {
        let names = line.split(separator: "`").enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
        let target = try #require(names.first)
        let present = try Self.files(of: String(target))
        #expect(names.count > 1)
        for name in names.dropFirst() {
          #expect(present.contains("\(name).swift"), "\(target) has no file \(name).swift")
          files += 1
        }
      }
      #expect(Int(heading.1) == files, "\(lines.first ?? "")")
      walks += 1
    }
    #expect(walks == 3)
  }

  private static func files(of target: String) throws -> Set<String> {
    let directory = root.appending(path: "Sources/\(target)").path
    return Set(
      try FileManager.default.subpathsOfDirectory(atPath: directory).compactMap {
        $0.split(separator: "/").last.map(String.init)
      })
  }
}
