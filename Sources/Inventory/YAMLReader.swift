internal import CYaml
import Diagnostics

/// Builds the tree of all files from libyaml's events; strict where YAML is lax.
struct YAMLReader {
  /// What was read so far.
  private(set) var tree: YAMLTree
  private var aliased = 0

  init(paths: [String]) {
    tree = YAMLTree(paths: paths)
    Keyword.internAll(&tree.symbols)
  }

  /// Reads one file into the tree.
  ///
  /// - Returns: Whether the file was read to its end; if not, the log says why and the file adds nothing.
  mutating func read(_ bytes: [UInt8], file: Int, log: inout DiagnosticLog) -> Bool {
    let path = tree.paths[file]
    var faults: [YAMLText.Fault] = []
    guard let text = YAMLText.read(bytes, faults: &faults) else {
      for fault in faults {
        let place = SourceLocation(file: path, line: fault.line, column: fault.column)
        log.add(Diagnostic(.error, at: place, length: 1, message: fault.message, help: fault.help))
      }
      return false
    }
    let before = (nodes: tree.nodes.count, roots: tree.roots.count)
    var document = YAMLDocument(file: file, isMasked: text.isMasked, aliased: aliased)
    let isComplete = document.read(text.bytes, into: &tree, log: &log)
    aliased = document.aliased
    guard isComplete else {
      tree.nodes.removeSubrange(before.nodes...)
      tree.roots.removeSubrange(before.roots...)
      return false
    }
    return true
  }
}
