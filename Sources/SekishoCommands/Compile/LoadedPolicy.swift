internal import ArgumentParser
internal import Artifacts
internal import Diagnostics
internal import Inventory
internal import InventoryFiles
internal import Policy

/// A valid inventory, as commands need it.
struct LoadedPolicy {
  let policy: Policy
  let sources: Sources
  let report: DiagnosticReport

  /// Loads an inventory and shows what was found in it; without `warnings` only what is an error.
  ///
  /// - Throws: ``ExitCode/failed`` after the mistakes have been shown.
  init(_ path: String, _ console: Console, warnings: Bool = true) throws {
    let loaded: Inventory.Loaded
    do {
      loaded = try Inventory.load(path)
    } catch {
      console.error("\(error)")
      throw ExitCode.failed
    }
    try self.init(loaded, console, warnings)
  }

  /// Loads an inventory as it was at a revision.
  init(_ path: String, at revision: String, _ console: Console) async throws {
    let loaded: Inventory.Loaded
    do {
      loaded = try await Inventory.load(path, at: revision)
    } catch {
      console.error("\(error)")
      throw ExitCode.failed
    }
    try self.init(loaded, console, false)
  }

  private init(_ loaded: Inventory.Loaded, _ console: Console, _ warnings: Bool) throws {
    if loaded.report.hasErrors || warnings && !console.quiet {
      console.raw(loaded.report.text(loaded.sources, style: console.messageColour ? .coloured : .plain))
    }
    guard let policy = loaded.policy else {
      console.error("the inventory has mistakes: \(loaded.report.summary); nothing was done")
      throw ExitCode.failed
    }
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
