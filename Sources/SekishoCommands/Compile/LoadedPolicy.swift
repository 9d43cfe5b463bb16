internal import Artifacts
internal import Diagnostics
internal import Digest
internal import Inventory
internal import InventoryFiles
internal import Policy

/// A valid inventory, as commands need it.
struct LoadedPolicy {
  let policy: Policy
  let sources: Sources
  let report: DiagnosticReport

  /// - Throws: ``InventoryFiles/InventoryUnreadable``, or ``Refusal`` with every mistake.
  init(_ path: String) throws { try self.init(try Inventory.load(path)) }

  /// Loads an inventory as it was at a revision.
  init(_ path: String, at revision: String) async throws {
    try self.init(try await Inventory.load(path, at: revision))
  }

  private init(_ loaded: Inventory.Loaded) throws {
    guard let policy = loaded.policy else { throw Refusal(mistakes: loaded) }
    self.policy = policy
    sources = loaded.sources
    report = loaded.report
  }

  /// SHA-256 over the inventory's files: each path and content with its length, in order of path.
  var digest: String {
    var hash = SHA256()
    for file in sources.files {
      hash.update(Array("\(file.path.utf8.count) \(file.path) \(file.bytes.count) ".utf8))
      hash.update(file.bytes)
    }
    return hash.finish()
  }
}

extension Refusal {
  /// Of an inventory that has mistakes.
  init(mistakes loaded: Inventory.Loaded) {
    self.init(.mistakes, "the inventory has mistakes: \(loaded.report.summary); nothing was done")
    parts = [.diagnostics(loaded.report, loaded.sources)]
    diagnostics = loaded.report.json(loaded.sources)
  }
}
