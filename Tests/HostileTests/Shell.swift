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

  /// Why no file system can be made in a file here; `nil` when it can.
  static let obstacleToDisks: String? = {
    if let obstacle { return obstacle }
    let shell = try? Shell()
    defer { shell?.remove() }
    let commands = """
      truncate -s 8M disk; mkfs.ext4 -q disk; mkdir mounted
      unshare -m mount -o loop disk mounted
      """
    return (try? shell?.run(commands))?.status == 0 ? nil : "no mkfs.ext4(8), or no loop devices (root)"
  }()

  /// `soon CONDITION [PROCESS]` waits for a condition, as sh reads it, and ends the script where it does not come: in vain after
  /// five minutes, or when the process has ended that was to bring it.
  private static let soon = """
    soon() {
      soon_end=$(($(date +%s) + 300)); soon_alive=yes
      until eval "$1"; do
        if [ $soon_alive = no ]; then echo "process $2 has ended, and not: $1" >&2; exit 9; fi
        if [ $(date +%s) -ge $soon_end ]; then echo "waited in vain for: $1" >&2; exit 9; fi
        [ -z "${2-}" ] || kill -0 "$2" 2> /dev/null || soon_alive=no
        sleep 0.02
      done
    }
    """

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
    guard text.hasPrefix("#!") else { return }
    // A file that is open for writing cannot be executed, and a process that another test starts meanwhile inherits
    // what this one has open: a program is written by a process that starts none.
    let made = try run("install \(name) .program; mv .program \(name)", inNamespace: false)
    guard made.status == 0 else { throw CocoaError(.fileWriteUnknown) }
  }

  /// Runs commands; a result of 124 means that they did not end in time, one of 128 and more that a signal
  /// ended them.
  ///
  /// Foundation's own `Process` waits for a run loop that a test may not have.
  func run(_ commands: String, inNamespace: Bool = true, environment: [String: String] = [:]) throws -> Result
  {
    let namespace = inNamespace ? ["unshare", Self.isRoot ? "-n" : "-Urn"] : []
    let command =
      ["timeout", "-k", "1", "1200"] + namespace + ["sh", "-ec", "cd \"$HERE\"\n\(Self.soon)\n\(commands)"]
    let variables = [
      "PATH": "\(ChildProcess.products):/usr/sbin:/usr/bin:/sbin:/bin", "TZ": "UTC", "HERE": directory.path,
      "SEKISHO_RUNTIME_DIR": directory.appending(path: "run").path,
      "SEKISHO_STATE_DIR": directory.appending(path: "state").path,
    ].merging(environment) { _, new in new }
    let files = [".stdout", ".stderr"].map { directory.appending(path: $0).path }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    for (index, file) in files.enumerated() {
      posix_spawn_file_actions_addopen(
        &actions, Int32(index + 1), file, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    }
    var arguments = command.map { strdup($0) } + [nil]
    var environment = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for pointer in arguments + environment { free(pointer) } }
    var process: pid_t = 0
    guard posix_spawn(&process, "/usr/bin/timeout", &actions, nil, &arguments, &environment) == 0 else {
      throw CocoaError(.executableLoad)
    }
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
    let texts = files.map {
      String(decoding: FileManager.default.contents(atPath: $0) ?? Data(), as: UTF8.self)
    }
    // WIFEXITED, WEXITSTATUS, WTERMSIG
    let code = status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f
    return Result(status: code, output: texts[0], errors: texts[1])
  }
}

/// Does something with a shell of its own.
func withShell<Result>(_ body: (Shell) throws -> Result) throws -> Result {
  let shell = try Shell()
  defer { shell.remove() }
  return try body(shell)
}
