import ChildProcess
import Diagnostics
import Foundation
import Goldens

@testable import Inventory

/// What other programs read: PyYAML, libyaml by it, and the validator of Debian's python3-jsonschema.
enum Readers {
  struct Answer: Decodable {
    /// Why none of them reads it.
    var unread: String?
    /// Where they read another value than we do.
    var differs: String?
    /// What the schema says against it.
    var faults: [String]?
  }

  /// Debian's own, whatever other there is on the way.
  private static let python = "/usr/bin/python3"

  /// Why nothing can be asked; `nil` when it can.
  static let obstacle: String? = {
    let told = ChildProcess.run([python, "-c", "import yaml, jsonschema; yaml.CSafeLoader"])
    return told.status == 0 ? nil : "no python3-yaml and python3-jsonschema (make test installs them)"
  }()

  /// Asks of all texts in one run.
  ///
  /// - Parameter compares: whether values are held against those of our own reader.
  static func read(_ texts: [String], compares: Bool) throws -> [Answer] {
    let questions = texts.map { text -> [String: Any] in
      compares ? ["text": text, "ours": ours(text)] : ["text": text]
    }
    let schema = try JSONSerialization.jsonObject(with: Data(InventorySchema.text(version: "0").utf8))
    let question = FileManager.default.temporaryDirectory.appending(path: "schema-\(UUID().uuidString)")
    try JSONSerialization.data(withJSONObject: ["schema": schema, "texts": questions]).write(to: question)
    defer { try? FileManager.default.removeItem(at: question) }
    let told = ChildProcess.run([python, "\(Golden.root)/Tests/Schema/read-yaml", question.path])
    guard told.status == 0 else { throw Failure(text: told.output) }
    return try JSONDecoder().decode([Answer].self, from: Data(told.output.utf8))
  }

  struct Failure: Error { let text: String }

  /// What our reader makes of a text: objects, lists, texts and null; a text that says so where it makes nothing of it.
  private static func ours(_ text: String) -> Any {
    guard let tree = tree(of: text) else { return "is refused" }
    return tree.roots.first.map { value($0, tree) } ?? NSNull()
  }

  /// `nil`: our reader refuses it.
  static func tree(of text: String) -> YAMLTree? {
    var reader = YAMLReader(paths: ["a"])
    var log = DiagnosticLog()
    return reader.read(Array(text.utf8), file: 0, log: &log) && !log.hasErrors ? reader.tree : nil
  }

  private static func value(_ node: NodeID, _ tree: YAMLTree) -> Any {
    switch tree.kind(node) {
    case .mapping:
      return Dictionary(
        uniqueKeysWithValues: tree.entries(node).map { (tree.string($0.key), value($0.value, tree)) })
    case .sequence: return tree.items(node).map { value($0, tree) }
    case .plain, .quoted: return tree.isNull(node) ? NSNull() : tree.string(node)
    }
  }
}
