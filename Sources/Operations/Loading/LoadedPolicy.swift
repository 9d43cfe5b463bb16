internal import Artifacts
package import Diagnostics
internal import Digest
internal import Glibc
internal import Inventory
internal import InventoryFiles
package import Policy
package import Reachability

/// A valid inventory, as commands need it.
package struct LoadedPolicy {
  package let policy: Policy
  package let sources: Sources
  package let report: DiagnosticReport

  /// - Throws: ``InventoryFiles/InventoryUnreadable``, or ``InventoryMistakes`` with all of them.
  package init(_ path: String) throws { try self.init(try Inventory.load(path)) }

  /// Loads an inventory with a file more.
  package init(_ path: String, adding file: SourceFile) throws {
    let present = try Inventory.load(path).sources
    try self.init(Inventory.load(Sources(directory: present.directory, files: present.files + [file])))
  }

  /// Loads an inventory of one file that may stand nowhere.
  package init(alone file: SourceFile) throws { try self.init(Inventory.load(Sources(files: [file]))) }

  /// Loads an inventory as it was at a revision.
  ///
  /// - Parameter place: a directory within the repository, from which the path is; `nil`: the working directory.
  package init(_ path: String, at revision: String, in place: String? = nil) async throws {
    try self.init(try await Inventory.load(path, at: revision, in: place))
  }

  private init(_ loaded: Inventory.Loaded) throws {
    guard let policy = loaded.policy else {
      throw InventoryMistakes(report: loaded.report, sources: loaded.sources)
    }
    self.policy = policy
    sources = loaded.sources
    report = loaded.report
  }

  /// SHA-256 over the inventory's files: each path and content with its length, in order of path.
  package var digest: String {
    var hash = SHA256()
    for file in sources.files {
      hash.update(Array("\(file.path.utf8.count) \(file.path) \(file.bytes.count) ".utf8))
      hash.update(file.bytes)
    }
    return hash.finish()
  }
}

extension LoadedPolicy {
  /// Guards that do not hold.
  package func brokenGuards(at now: Timestamp = .current()) -> [BrokenGuard] {
    policy.guards.isEmpty ? [] : GuardChecker(policy, at: now).broken()
  }

  /// - Throws: ``GuardsBroken``.
  package func requireGuards() throws(GuardsBroken) {
    let broken = brokenGuards()
    if !broken.isEmpty { throw GuardsBroken(loaded: self, broken: broken) }
  }
}

/// An inventory has mistakes, so that there is no policy.
package struct InventoryMistakes: Error {
  package let report: DiagnosticReport
  package let sources: Sources
}

/// Guards of an inventory do not hold.
package struct GuardsBroken: Error {
  package let loaded: LoadedPolicy
  package let broken: [BrokenGuard]
}

/// What was asked for cannot be: whoever asked has to ask for something else.
package struct Misuse: Error, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
}

extension Timestamp {
  /// The machine's clock.
  package static func current() -> Self { Self(seconds: Int64(time(nil))) }
}
