import Glibc
import LabHarness
import Machine
import Testing

@Suite struct RuntimeDirectoryTests {
  @Test func `a missing directory is made, closed to everybody else, and used again`() async throws {
    try await withTemporaryDirectory { parent in
      let made = try RuntimeDirectory(path: "\(parent)/run/")
      #expect(made.path == "\(parent)/run")
      var status = stat()
      #expect(lstat(made.path, &status) == 0)
      #expect(status.st_mode & 0o7777 == 0o700)
      #expect(try RuntimeDirectory(path: made.path) == made)
      #expect(made.file("lab") == "\(parent)/run/lab")
    }
  }

  @Test func `a directory that others may enter is refused`() async throws {
    try await withTemporaryDirectory { path in
      for mode in [0o755, 0o770, 0o701] as [mode_t] {
        #expect(chmod(path, mode) == 0)
        #expect(refusal(path)?.hasPrefix("others may enter it (chmod 700 closes it)") == true)
      }
      #expect(chmod(path, 0o700) == 0)
    }
  }

  @Test func `a link, a file, a relative path and a path without a parent are refused`() async throws {
    try await withTemporaryDirectory { path in
      #expect(symlink(path, "\(path)/link") == 0)
      #expect(mknod("\(path)/file", S_IFREG | 0o600, 0) == 0)
      let remedy = "set SEKISHO_RUNTIME_DIR to a directory of your own with mode 0700"
      #expect(refusal("\(path)/link") == "it is not a directory; \(remedy)")
      #expect(refusal("\(path)/file") == "it is not a directory; \(remedy)")
      #expect(refusal("run") == "the path is not absolute; \(remedy)")
      #expect(
        refusal("\(path)/a/b") == "the directory cannot be made: No such file or directory; \(remedy)")
    }
  }

  @Test(.enabled(if: geteuid() == 0, "only root can make a directory of another user"))
  func `a directory of another user is refused`() async throws {
    try await withTemporaryDirectory { path in
      #expect(chown(path, 65534, 65534) == 0)
      #expect(refusal(path)?.hasPrefix("it belongs to user 65534; ") == true)
    }
  }

  private func refusal(_ path: String) -> String? {
    let error = #expect(throws: DirectoryRefusal.self) { try RuntimeDirectory(path: path) }
    #expect(error?.path == path)
    return error.map { "\($0.reason); \($0.remedy)" }
  }
}
