internal import CYaml
import Diagnostics

/// Where an event stands in its file.
struct YAMLPlace {
  let file: UInt16
  let line: UInt32
  let column: UInt32
  let length: UInt32

  init(file: UInt16, _ start: yaml_mark_t, _ end: yaml_mark_t) {
    self.file = file
    line = UInt32(truncatingIfNeeded: start.line) + 1
    column = UInt32(truncatingIfNeeded: start.column) + 1
    let isOneLine = start.line == end.line && end.column > start.column
    length = isOneLine ? UInt32(truncatingIfNeeded: end.column - start.column) : 1
  }

  func location(_ paths: [String]) -> SourceLocation {
    SourceLocation(file: paths[Int(file)], line: Int(line), column: Int(column))
  }

  func node(_ kind: YAMLNode.Kind, start: Int, count: Int, end: Int, symbol: Symbol) -> YAMLNode {
    YAMLNode(
      kind: kind, file: file, line: line, column: column, length: length, start: UInt32(start),
      count: UInt32(count), end: UInt32(end), symbol: symbol)
  }
}
