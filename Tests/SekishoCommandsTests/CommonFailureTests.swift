import ChildProcess
import Foundation
import Testing

/// What many hosts have in common is told once, and each is named all the same.
@Suite struct CommonFailureTests {
  @Test func `a reason of many hosts is told once, whatever hosts are called in it`() throws {
    let directory = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    let hosts = ["a-1", "b-1", "b-2", "c-1", "d", "e"]
    let entries = hosts.enumerated().map { "  \($1): {addresses: [10.0.0.\($0 + 1)]}\n" }
    let inventory = "version: 1\nhosts:\n" + entries.joined()
    try inventory.write(to: directory.appending(path: "fleet.yaml"), atomically: true, encoding: .utf8)
    // The destination is what stands behind the first `--`.
    let ssh = """
      #!/bin/sh
      while [ "$1" != -- ]; do shift; done
      case $2 in c-1) echo "no key for it" >&2;; d|e) echo "re$2" >&2;; *) echo "nobody knows $2" >&2;; esac
      exit 255
      """
    let program = directory.appending(path: "ssh")
    try ssh.write(to: program, atomically: true, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program.path)

    let told = ChildProcess.run(
      [
        "\(ChildProcess.products)/sekisho", "status", "--host", "all", "-i",
        directory.appending(path: "fleet.yaml").path,
      ],
      environment: ["PATH": "\(directory.path):/usr/bin:/bin", "NO_COLOR": "1"])
    #expect(told.status == 1)
    #expect(
      told.output == """
        error: a-1: the agent broke off; it said: nobody knows a-1
        error: 2 more hosts likewise: b-1, b-2
        error: c-1: the agent broke off; it said: no key for it
        error: d: the agent broke off; it said: red
        error: e: the agent broke off; it said: ree
        6 hosts: 6 could not be asked

        """)
  }
}
