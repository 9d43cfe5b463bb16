import Foundation
import Glibc
import Machine
import Testing

@Suite struct ProgramsTests {
  /// What a program had open of ours would keep a lock, or a table that goes with a socket.
  @Test func `a program that is started has nothing of ours open`() async throws {
    let directory = FileManager.default.temporaryDirectory.appending(path: "sekisho-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    // Not closed on execution.
    let open = Glibc.open("/dev/null", O_RDONLY)
    defer { close(open) }
    let list = directory.appending(path: "list").path
    try Programs.start(["/bin/sh", "-c", "ls /proc/self/fd > \(list).part; mv \(list).part \(list)"])
    var found: String?
    for _ in 0..<1200 where found == nil {
      found = try? String(contentsOfFile: list, encoding: .utf8)
      if found == nil { try await Task.sleep(for: .milliseconds(100)) }
    }
    let numbers = try #require(found).split(separator: "\n").compactMap { Int32($0) }
    // ls(1) itself opens what it lists.
    #expect(numbers.count <= 4 && numbers.contains(0), "\(numbers)")
  }

  @Test func `what does not end well, or is not there, is followed by another program`() async throws {
    let directory = FileManager.default.temporaryDirectory.appending(path: "sekisho-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    for (number, first) in ["/bin/false", "/missing"].enumerated() {
      // A shell would take these for its own.
      let name = "it's \(number) $HOME; \"`"
      try Programs.start([first, name], orElse: ["/usr/bin/touch", directory.appending(path: name).path])
      for _ in 0..<1200 where try names(in: directory).count == number {
        try await Task.sleep(for: .milliseconds(100))
      }
      #expect(try names(in: directory).contains(name))
    }
  }

  private func names(in directory: URL) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: directory.path)
  }
}
