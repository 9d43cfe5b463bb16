import LabHarness
import Machine
import SystemPackage
import Testing

@Suite struct FileLockTests {
  /// What another process says that tries to take the lock.
  private func other(_ path: String) async throws -> Int32 {
    try await run(["/usr/bin/flock", "--nonblock", path, "true"]).status
  }

  @Test(arguments: [false, true])
  func `a lock keeps another process out until it ends`(isDirectory: Bool) async throws {
    try await withTemporaryDirectory { directory in
      let path = isDirectory ? directory : "\(directory)/lock"
      #expect(try await other(path) == 0)
      let lock = try isDirectory ? FileLock(directory: path) : FileLock(path)
      #expect(try await other(path) == 1)
      #expect(throws: SystemFailure("cannot take the lock", path, .wouldBlock)) {
        _ = try isDirectory ? FileLock(directory: path) : FileLock(path)
      }
      _ = consume lock
      #expect(try await other(path) == 0)
    }
  }

  @Test func `a lock ends with the process that holds it, however that ends`() async throws {
    try await withTemporaryDirectory { directory in
      let path = "\(directory)/lock"
      let holder = ["/usr/bin/flock", path, "sh", "-c", "echo held; read end; kill -KILL $$"]
      let (finished, isHeld) = try await whileRunning(holder, after: "held") {
        do throws(SystemFailure) {
          _ = try FileLock(path)
          return false
        } catch {
          return error.errno == .wouldBlock
        }
      }
      #expect(isHeld)
      #expect(finished.status == 137)
      _ = try FileLock(path)
    }
  }

  @Test func `a link in the place of a lock is refused`() async throws {
    try await withTemporaryDirectory { directory in
      let made = try await run(["/usr/bin/ln", "-s", "elsewhere", "\(directory)/lock"])
      #expect(made.status == 0)
      #expect(throws: SystemFailure("cannot open the lock", "\(directory)/lock", .tooManySymbolicLinkLevels))
      {
        _ = try FileLock("\(directory)/lock")
      }
    }
  }
}
