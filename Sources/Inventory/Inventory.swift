package import Diagnostics
package import Policy

/// Inventories: files to a validated policy, or every mistake in them.
package enum Inventory {
  /// What loading made of an inventory.
  package struct Loaded: Sendable {
    /// `nil` where the report holds an error.
    package let policy: Policy?
    /// Everything that was found, errors or not.
    package let report: DiagnosticReport
    /// The files, for showing the report; their sorted paths and bytes are what a digest is of.
    package let sources: Sources
  }

  /// Loads files that are in memory, such as those of a revision; their order means nothing.
  package static func load(_ files: [SourceFile]) -> Loaded { load(Sources(files: files)) }

  /// Loads files that were read.
  ///
  /// - Parameter log: what was found wrong on the way to them.
  package static func load(_ sources: Sources, log: DiagnosticLog = DiagnosticLog()) -> Loaded {
    var log = log
    var bounds = InventoryBounds()
    let files = sources.files.filter { bounds.admit($0.path, bytes: $0.bytes.count, log: &log) }
    let sources = Sources(directory: sources.directory, files: files)
    let policy = InventoryLoader.load(sources, log: &log)
    return Loaded(policy: log.hasErrors ? nil : policy, report: log.report(), sources: sources)
  }
}
