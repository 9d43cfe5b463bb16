import LabHarness
import Machine
import Synchronization
import SystemPackage
import Testing

@Suite struct DirectoryTests {
  private let old = Array("old\n".utf8)
  private let new = [UInt8](repeating: UInt8(ascii: "n"), count: 1 << 20)

  /// Replaces a file while the disk refuses its nth step, alone or with every one that follows, as when the
  /// process has been killed there.
  ///
  /// - Returns: whether the step was reached.
  private func replace(_ path: String, failing step: Int, forGood: Bool) throws -> Bool {
    let taken = Mutex(0)
    do throws(SystemFailure) {
      try Directory(opening: path) { (_, _) throws(Errno) in
        let number = taken.withLock { number in
          number += 1
          return number
        }
        if forGood ? number >= step : number == step { throw .noSpace }
      }.replace("file", with: new)
    } catch {
      #expect(error.errno == .noSpace)
      return true
    }
    return false
  }

  @Test(arguments: [false, true])
  func `whatever step of a replacement fails, the file is the old or the new one`(forGood: Bool) async throws
  {
    try await withTemporaryDirectory { path in
      let directory = try Directory(opening: path)
      var failures = 0
      for step in 1...100 {
        try directory.replace("file", with: old)
        let failed = try replace(path, failing: step, forGood: forGood)
        #expect(try directory.read("file") == (failed ? old : new))
        if !forGood { #expect(try directory.entries().keys.sorted() == ["file"]) }
        if !failed { break }
        failures += 1
      }
      #expect(failures == 3, "to make the file, to write it and to rename it")
    }
  }

  @Test func `a replacement that cannot be put in place leaves nothing behind`() async throws {
    try await withTemporaryDirectory { path in
      let directory = try Directory(opening: path)
      #expect(try directory.makeDirectory("file", .everybodyEnters))
      #expect(throws: SystemFailure("cannot rename the file", "\(path)/file", .isDirectory)) {
        try directory.replace("file", with: new)
      }
      #expect(try directory.entries().keys.sorted() == ["file"])
    }
  }

  @Test(.needs(.root)) func `a full disk leaves the old file and nothing else`() async throws {
    try await withTemporaryDirectory { path in
      let mount = try await run(["/usr/bin/mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", path])
      try #require(mount.status == 0, "\(mount.output)")
      do {
        let directory = try Directory(opening: path)
        try directory.replace("file", with: old)
        #expect(throws: SystemFailure("cannot write the file", "\(path)/.file.tmp", .noSpace)) {
          try directory.replace("file", with: new)
        }
        #expect(try directory.read("file") == old)
        #expect(try directory.entries().keys.sorted() == ["file"])
      }
      #expect(try await run(["/usr/bin/umount", path]).status == 0)
    }
  }

  @Test func `what is no plain file is not read, and a file beyond the bound is not read whole`() async throws
  {
    try await withTemporaryDirectory { path in
      let made = ["link": ["ln", "-s", "/etc/passwd"], "pipe": ["mkfifo"], "directory": ["mkdir"]]
      for (name, command) in made {
        #expect(try await run(["/usr/bin/env", "-C", path] + command + [name]).status == 0)
        let failure =
          name == "link"
          ? SystemFailure("cannot open the file", "\(path)/link", .tooManySymbolicLinkLevels)
          : SystemFailure("not a plain file", "\(path)/\(name)", .invalidArgument)
        #expect(throws: failure) { try Directory(opening: path).read(name) }
      }
      let directory = try Directory(opening: path)
      #expect(try directory.read("missing") == nil)
      try directory.create("file", new)
      #expect(try directory.read("file", atMost: new.count) == new)
      #expect(throws: SystemFailure("cannot read the file", "\(path)/file", .fileTooLarge)) {
        try directory.read("file", atMost: new.count - 1)
      }
      #expect(throws: SystemFailure("cannot make the file", "\(path)/file", .fileExists)) {
        try directory.create("file", old)
      }
      #expect(try directory.holds("file", new))
      #expect(
        try !directory.holds("file", old) && !directory.holds("link", old) && !directory.holds("missing", []))
    }
  }
}
