internal import Machine
internal import SystemPackage

/// The directories of an output, open and locked; whatever of them is made is made here.
struct OutputPlace: ~Copyable, Sendable {
  let directory: Directory
  let store: Directory
  /// What the directory held before.
  let old: Manifest?
  /// Keeps other compiles out.
  private let lock: FileLock
  private let isNew: Bool
  private let isStoreNew: Bool

  /// Opens the directories and makes those that are missing; when that fails, none is made.
  ///
  /// - Throws: ``OutputFailure``.
  init(_ path: String, _ step: @escaping Directory.Step) throws(OutputFailure) {
    let isNew = try Self.making { () throws(SystemFailure) in
      try Files.makeDirectory(path, .everybodyEnters)
    }
    let storePath = "\(path)/\(OutputDirectory.rulesets)"
    var isStoreNew = false
    func orTakeBack<Result: ~Copyable>(
      _ body: () throws(OutputFailure) -> Result
    ) throws(OutputFailure) -> Result {
      do throws(OutputFailure) { return try body() } catch {
        if isStoreNew { Files.removeDirectory(storePath) }
        if isNew { Files.removeDirectory(path) }
        throw error
      }
    }
    func opened<Result: ~Copyable>(
      _ body: () throws(SystemFailure) -> Result
    ) throws(OutputFailure) -> Result {
      try orTakeBack { () throws(OutputFailure) in
        do throws(SystemFailure) { return try body() } catch { throw OutputFailure(opening: error) }
      }
    }
    let lock = try opened { () throws(SystemFailure) in try FileLock(directory: path) }
    let directory = try opened { () throws(SystemFailure) in try Directory(opening: path, step: step) }
    let old = try orTakeBack { () throws(OutputFailure) in try OutputDirectory.manifest(in: directory) }
    isStoreNew = try opened { () throws(SystemFailure) in
      try directory.makeDirectory(OutputDirectory.rulesets, .everybodyEnters)
    }
    let store = try opened { () throws(SystemFailure) in try Directory(opening: storePath, step: step) }
    self.lock = lock
    self.directory = directory
    self.store = store
    self.old = old
    self.isNew = isNew
    self.isStoreNew = isStoreNew
  }

  /// Removes the directories that were made here and hold nothing.
  func takeBack() {
    if isStoreNew { try? directory.removeDirectory(OutputDirectory.rulesets) }
    if isNew { Files.removeDirectory(directory.path) }
  }

  /// - Returns: whether it was missing.
  private static func making(_ body: () throws(SystemFailure) -> Void) throws(OutputFailure) -> Bool {
    do throws(SystemFailure) {
      try body()
      return true
    } catch {
      if error.errno == .fileExists { return false }
      throw OutputFailure(opening: error)
    }
  }
}
