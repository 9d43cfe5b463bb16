import Foundation

/// Runs nft(8) in network namespaces of their own; the machine's ruleset is never touched.
package enum Namespace {
  /// Why nothing can be run here; `nil` when it can.
  package static let obstacle: String? = {
    let nft = ["/usr/sbin/nft", "/sbin/nft"].first { FileManager.default.isExecutableFile(atPath: $0) }
    guard nft != nil else { return "nft(8) is not installed (apt-get install nftables)" }
    guard (try? run("nft list ruleset"))?.status == 0 else {
      return "no namespace of one's own for users (unshare -Urn)"
    }
    return nil
  }()

  package struct Result: Sendable {
    package let status: Int32
    package let output: String
  }

  /// Runs a shell command in a fresh namespace, with files in its directory, and time zone UTC.
  package static func run(_ command: String, files: [String: [UInt8]] = [:]) throws -> Result {
    let directory = FileManager.default.temporaryDirectory.appending(path: "sekisho-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    for (name, bytes) in files { try Data(bytes).write(to: directory.appending(path: name)) }
    let result = ChildProcess.run([
      "env", "-i", "--chdir=\(directory.path)", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "TZ=UTC", "unshare",
      "-Urn",
      "sh", "-ec", command,
    ])
    return Result(status: result.status, output: result.output)
  }
}
