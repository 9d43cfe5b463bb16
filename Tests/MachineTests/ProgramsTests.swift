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
}
