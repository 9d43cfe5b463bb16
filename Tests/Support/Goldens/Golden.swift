import Foundation

/// Files under `Tests/Golden` that pin what the program says.
///
/// A golden that is missing or differs is a fault. With `RECORD=1` in the environment it is written as well,
/// and is a fault all the same: whoever records must look at what was written and run again.
package enum Golden {
  /// The directory of the repository.
  package static let root = URL(filePath: #filePath).appending(path: "../../../..").standardizedFileURL.path

  private static let isRecording = ProcessInfo.processInfo.environment["RECORD"] == "1"

  /// What is wrong with a golden; `nil` when it holds the text.
  ///
  /// - Parameters:
  ///   - path: below `Tests/Golden`.
  ///   - records: whether the text is what the golden is about, and not foretells it.
  package static func fault(_ text: String, _ path: String, records: Bool = true) -> String? {
    let file = URL(filePath: "\(root)/Tests/Golden/\(path)")
    let known = FileManager.default.contents(atPath: file.path).map { String(decoding: $0, as: UTF8.self) }
    if known == text { return nil }
    if isRecording && records {
      do {
        try FileManager.default.createDirectory(
          at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
      } catch {
        return "\(path) cannot be recorded: \(error)"
      }
      return "\(path) was recorded"
    }
    guard let known else { return "\(path) is missing; make golden records it" }
    return "\(path) differs; make golden records it\n\(difference(known, text))"
  }

  /// Names of what is in a directory below `Tests/Golden`, sorted.
  package static func names(_ directory: String) -> [String] {
    let path = "\(root)/Tests/Golden/\(directory)"
    return ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
  }

  private static func difference(_ known: String, _ text: String) -> String {
    let old = known.split(separator: "\n", omittingEmptySubsequences: false)
    let new = text.split(separator: "\n", omittingEmptySubsequences: false)
    let line = zip(old, new).prefix { $0 == $1 }.count
    func at(_ lines: [Substring]) -> String { line < lines.count ? String(lines[line]) : "(its end)" }
    return "line \(line + 1) is\n  \(at(new))\nand not\n  \(at(old))"
  }
}
