internal import ArgumentParser
internal import Diagnostics
internal import Inventory
internal import Policy

/// A valid inventory, as commands need it.
struct LoadedPolicy {
  let policy: Policy
  let sources: Sources
  let report: DiagnosticReport

  /// Loads an inventory and shows what was found in it.
  ///
  /// - Throws: ``ExitCode/failed`` after the mistakes have been shown.
  init(_ path: String, _ console: Console, json: Bool = false) throws {
    let loaded: Inventory.Loaded
    do {
      loaded = try Inventory.load(path)
    } catch {
      console.error("\(error)")
      throw ExitCode.failed
    }
    try self.init(loaded, console)
  }

  private init(_ loaded: Inventory.Loaded, _ console: Console) throws {
    if loaded.report.hasErrors || !console.quiet {
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
}
