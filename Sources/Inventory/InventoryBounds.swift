package import Diagnostics

/// How large an inventory may be, counted file by file.
package struct InventoryBounds: Sendable {
  /// Bytes of one file.
  package static let fileBytes = 16 << 20
  /// Bytes of all files.
  package static let totalBytes = 64 << 20
  /// Files of one inventory.
  package static let files = 4096

  private var files = 0
  private var bytes = 0

  package init() {}

  /// Counts a file; what is out of bounds is an error in the log and is not to be read.
  package mutating func admit(_ path: String, bytes size: Int, log: inout DiagnosticLog) -> Bool {
    guard size <= Self.fileBytes else {
      log.add(
        .file(path, "the file is larger than \(Self.fileBytes >> 20) MiB", "split it into several files"))
      return false
    }
    files += 1
    bytes += size
    guard bytes <= Self.totalBytes, files <= Self.files else {
      log.add(
        .file(
          path, "the inventory is larger than \(Self.totalBytes >> 20) MiB or \(Self.files) files",
          "split it into inventories of their own"))
      return false
    }
    return true
  }
}

extension Diagnostic {
  /// An error that is about a file as such and none of its lines.
  package static func file(_ path: String, _ message: String, _ help: String) -> Self {
    Self(.error, at: SourceLocation(file: path, line: 0, column: 0), length: 1, message: message, help: help)
  }
}
