import Foundation

/// Runs programs to their end. Foundation's own `Process` waits for a run loop that a test may not have.
package enum ChildProcess {
  /// Where the programs of this build lie: beside the tests.
  package static let products: String = {
    let program = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    let beside = URL(filePath: program).deletingLastPathComponent().path
    if FileManager.default.isExecutableFile(atPath: "\(beside)/sekisho") { return beside }
    return Bundle.main.bundleURL.path
  }()

  /// - Parameters:
  ///   - command: a program of the search path and its arguments.
  ///   - environment: variables beside our own.
  /// - Returns: the exit code (-1: did not run, or ended by a signal) and both output streams.
  package static func run(
    _ command: [String], input: String = "", environment: [String: String] = [:]
  ) -> (status: Int32, output: String) {
    let directory = FileManager.default.temporaryDirectory
    let name = UUID().uuidString
    let inputFile = directory.appending(path: "\(name).in").path
    let outputFile = directory.appending(path: "\(name).out").path
    defer {
      unlink(inputFile)
      unlink(outputFile)
    }
    guard (try? input.write(toFile: inputFile, atomically: false, encoding: .utf8)) != nil else {
      return (-1, "cannot write \(inputFile)")
    }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, inputFile, O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, outputFile, O_WRONLY | O_CREAT, 0o600)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    var arguments = command.map { strdup($0) } + [nil]
    var environment = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for pointer in arguments + environment { free(pointer) } }
    var process: pid_t = 0
    guard posix_spawnp(&process, command[0], &actions, nil, &arguments, &environment) == 0 else {
      return (-1, "cannot run \(command[0])")
    }
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
    let output = FileManager.default.contents(atPath: outputFile) ?? Data()
    // WIFEXITED, WEXITSTATUS
    let code = status & 0x7f == 0 ? status >> 8 & 0xff : -1
    return (code, String(decoding: output, as: UTF8.self))
  }
}
