internal import Machine
internal import SystemPackage

/// Held while a host is changed, so that two applies do not take turns at moving each other's ground.
///
/// What keeps a transaction correct is its generation; the lock keeps the second one from working in
/// vain. It is an advisory lock on a file in the runtime directory, one for each network namespace,
/// and ends with the process however that ends.
struct ApplyLock: ~Copyable {
  private let lock: FileLock

  /// - Throws: ``AgentFailure`` `.busy` when another process holds it, `.failed` when the file cannot
  ///   be made.
  init(in directory: String) throws(AgentFailure) {
    do throws(SystemFailure) {
      lock = try FileLock("\(directory)/apply-\(try NetworkNamespace.current()).lock")
    } catch {
      throw error.errno == .wouldBlock
        ? AgentFailure(.busy, "another apply is running on this host; wait for it to end and try again")
        : AgentFailure(.failed, "\(error)")
    }
  }
}
