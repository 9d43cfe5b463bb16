internal import JSONStrings

/// A place in what is imported.
package struct ImportPlace: Hashable, Sendable, CustomStringConvertible {
  /// As a user calls it.
  package let file: String
  /// 1-based; 0: the file as a whole, or an item of it.
  package let line: Int
  package let column: Int
  /// What in the file is meant, where lines say nothing to anybody.
  package let item: String?

  package init(_ file: String, line: Int = 0, column: Int = 1, item: String? = nil) {
    (self.file, self.line, self.column, self.item) = (file, line, line == 0 ? 0 : column, item)
  }

  package var description: String {
    file + (line == 0 ? "" : ":\(line):\(column)") + (item.map { ": \($0)" } ?? "")
  }
}

/// What there is to say of a place in what is imported: what was left out, renamed, or is wrong.
package struct ImportRemark: Hashable, Sendable, CustomStringConvertible {
  package let place: ImportPlace
  package let words: String

  package init(_ place: ImportPlace, _ words: String) { (self.place, self.words) = (place, words) }

  package var description: String { "\(place): \(words)" }
}

/// Why nothing is imported.
package struct ImportFaults: Error, Hashable, Sendable {
  /// One at least.
  package let faults: [ImportRemark]

  package init(_ faults: [ImportRemark]) { self.faults = faults }

  init(_ place: ImportPlace, _ words: String) { self.init([ImportRemark(place, words)]) }

  /// A text that is not JSON, with line and column.
  init(_ error: JSONSyntaxError, in bytes: [UInt8], of file: String) {
    let before = bytes.prefix(error.offset)
    let line = before.count { $0 == 0x0a } + 1
    let column = before.count - (before.lastIndex(of: 0x0a) ?? -1)
    self.init(ImportPlace(file, line: line, column: column), "this is no JSON that is read: \(error.reason)")
  }
}
