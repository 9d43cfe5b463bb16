/// A file that was read, as its bytes.
public struct SourceFile: Hashable, Sendable {
  /// Relative to the directory that was read; `/` between parts.
  public let path: String
  public let bytes: [UInt8]

  public init(path: String, bytes: [UInt8]) {
    self.path = path
    self.bytes = bytes
  }
}

/// The files that diagnostics speak of.
public struct Sources: Hashable, Sendable {
  /// What was read, as the user called it; `nil` where no directory of this machine was.
  public let directory: String?
  /// Sorted by the bytes of the path.
  public let files: [SourceFile]

  public init(directory: String? = nil, files: [SourceFile]) {
    self.directory = directory
    self.files = files.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
  }

  /// The path by which a user would open the file from where the tool was started.
  public func shownPath(_ path: String) -> String {
    guard let directory, !directory.isEmpty, directory != "." else { return path }
    return directory.hasSuffix("/") ? directory + path : "\(directory)/\(path)"
  }

  /// The lines asked for, each without its end; one pass over every file that is needed.
  func lines(_ wanted: [SourceLocation]) -> [SourceLine: [UInt8]] {
    var result: [SourceLine: [UInt8]] = [:]
    for file in files {
      // One entry a line: a file may be one line of megabytes with many mistakes in it.
      let numbers = Set(wanted.lazy.filter { $0.file == file.path }.map(\.line)).sorted()
      var line = 1
      var start = 0
      for number in numbers where number > 0 {
        while line < number, let end = file.bytes[start...].firstIndex(of: 0x0a) {
          start = end + 1
          line += 1
        }
        guard line == number else { break }
        let end = file.bytes[start...].firstIndex(of: 0x0a) ?? file.bytes.count
        result[SourceLine(file: file.path, line: number)] = Array(file.bytes[start..<end])
      }
    }
    return result
  }
}

/// One line of one file.
struct SourceLine: Hashable {
  let file: String
  let line: Int
}
