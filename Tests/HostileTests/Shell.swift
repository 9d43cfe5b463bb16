import ChildProcess
import Foundation
import Testing

/// Shell commands with the built program `sekisho` in reach, in a directory and, unless said otherwise, a
/// network namespace of their own.
struct Shell {
  let directory: URL

  /// Why nothing can be run in a namespace here; `nil` when it can.
  static let obstacle: String? = {
    let shell = try? Shell()
    defer { shell?.remove() }
    let isPossible = (try? shell?.run("nft list ruleset"))?.status == 0
    return isPossible ? nil : "no nft(8), or no namespace of one's own for users (unshare -Urn)"
  }()

  static let isRoot = geteuid() == 0

  struct Result {
    let status: Int32
    let output: String
    let errors: String

    var all: String { output + errors }
  }

  init() throws {
    directory = FileManager.default.temporaryDirectory.appending(path: "sekisho-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    let runtime = directory.appending(path: "run")
    try FileManager.default.createDirectory(
      at: runtime, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
  }

  func remove() { try? FileManager.default.removeItem(at: directory) }

  func write(_ name: String, _ text: String) throws {
    let file = directory.appending(path: name)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file)
  }

  /// Runs commands; a result of 124 means that they did not end in time.
  func run(_ commands: String, inNamespace: Bool = true, environment: [String: String] = [:]) throws -> Result
  {
    let variables = [
      "PATH": "\(Self.products):/usr/sbin:/usr/bin:/sbin:/bin", "TZ": "UTC",
      "SEKISHO_RUNTIME_DIR": directory.appending(path: "run").path,
    ].merging(environment) { _, new in new }
    let errors = directory.appending(path: ".stderr")
    try Data().write(to: errors)
    let result = ChildProcess.run(
      ["env", "-i", "--chdir=\(directory.path)"] + variables.map { "\($0.key)=\($0.value)" }
        + ["timeout", "120"] + (inNamespace ? ["unshare", Self.isRoot ? "-n" : "-Urn"] : [])
        + ["sh", "-ec", "exec 2>\(errors.path)\n\(commands)"])
    return Result(
      status: result.status, output: result.output,
      errors: String(decoding: try Data(contentsOf: errors), as: UTF8.self))
  }

  /// Where the programs of this build lie: beside the tests.
  private static let products: String = {
    let program = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    let beside = URL(filePath: program).deletingLastPathComponent().path
    if FileManager.default.isExecutableFile(atPath: "\(beside)/sekisho") { return beside }
    return Bundle.main.bundleURL.path
  }()
}

/// Does something with a shell of its own.
func withShell<Result>(_ body: (Shell) throws -> Result) throws -> Result {
  let shell = try Shell()
  defer { shell.remove() }
  return try body(shell)
}
