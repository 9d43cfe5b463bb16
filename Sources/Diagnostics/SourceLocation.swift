/// A place in a text file that a user wrote.
public struct SourceLocation: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// Path as the user would open it: relative to where the tool was told to look.
  public let file: String
  /// 1-based.
  public let line: Int
  /// 1-based, in characters.
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
