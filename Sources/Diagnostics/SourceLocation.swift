/// A place in a text file that a user wrote.
public struct SourceLocation: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// Relative to the directory that was read, so that it is the same wherever the tool is started.
  public let file: String
  /// 1-based; 0 where the file as a whole is meant.
  public let line: Int
  /// 1-based, in characters; 0 where the file as a whole is meant.
  public let column: Int

  public init(file: String, line: Int, column: Int) {
    self.file = file
    self.line = line
    self.column = column
  }

  public var description: String { "\(file):\(line):\(column)" }

  public static func < (a: Self, b: Self) -> Bool {
    (a.file, a.line, a.column) < (b.file, b.line, b.column)
  }
}
