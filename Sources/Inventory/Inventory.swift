public import Diagnostics
public import Policy

/// Inventories: files to a validated policy, or every mistake in them.
public enum Inventory {
  /// What loading made of an inventory.
  public struct Loaded: Sendable {
    /// `nil` where the report holds an error.
    public let policy: Policy?
    /// Everything that was found, errors or not.
    public let report: DiagnosticReport
    /// The files, for showing the report; their sorted paths and bytes are what a digest is of.
    public let sources: Sources
  }

  /// Reads a directory (every `*.yaml`, `*.yml` and `*.json` below it) or a single file.
  ///
  /// Hidden files are skipped. What resolves outside the directory, is no regular file or is too
  /// large is a mistake of the inventory and in the report.
  ///
  /// - Throws: ``InventoryUnreadable`` where the machine refuses: no such file, no permission.
  public static func load(_ path: String) throws(InventoryUnreadable) -> Loaded {
    var log = DiagnosticLog()
    let sources = try InventoryDirectory.read(path, log: &log)
    return load(sources, log: log)
  }

  /// Loads files that are in memory, such as those of a revision; their order means nothing.
  public static func load(_ files: [SourceFile]) -> Loaded {
    var log = DiagnosticLog()
    return load(Sources(files: InventoryDirectory.bounded(files, log: &log)), log: log)
  }

  private static func load(_ sources: Sources, log: DiagnosticLog) -> Loaded {
    var log = log
    let policy = InventoryLoader.load(sources, log: &log)
    return Loaded(policy: log.hasErrors ? nil : policy, report: log.report(), sources: sources)
  }
}
