internal import Fleet

/// A program on this machine that judges waves.
package struct RunCheck: Sendable {
  private let command: [String]
  private let limit: Duration

  /// - Parameters:
  ///   - command: program and arguments.
  ///   - limit: after which it is ended, and has judged that the wave must not stay.
  package init(_ command: [String], within limit: Duration) {
    self.command = command
    self.limit = limit
  }

  /// Asks it of a wave: the names of its hosts are on its standard input, one a line.
  ///
  /// - Throws: ``RunStop`` where the wave must not stay.
  package func judge(_ wave: RunWave, until isCancelled: @escaping @Sendable () -> Bool) async throws {
    let variables = [
      "SEKISHO_STEP": "\(wave.step + 1)", "SEKISHO_STEPS": "\(wave.steps)",
      "SEKISHO_WAVE": "\(wave.wave + 1)", "SEKISHO_WAVES": "\(wave.waves)",
    ]
    let hosts = Array(wave.hosts.map { $0 + "\n" }.joined().utf8)
    let name = command.joined(separator: " ")
    let ending: LocalProgram.Ending
    do {
      ending = try await LocalProgram.run(
        command, variables: variables, input: hosts, within: limit, until: isCancelled)
    } catch {
      throw RunStop(reason: "the check (\(name)) cannot be started: \(error)")
    }
    switch ending {
    case .exited(0): return
    case .exited(let status): throw RunStop(reason: "the check (\(name)) ended with \(status)")
    case .signaled(let number): throw RunStop(reason: "the check (\(name)) was ended by signal \(number)")
    case .timedOut:
      throw RunStop(reason: "the check (\(name)) took longer than \(limit.components.seconds) s")
    case .cancelled: throw RunStop(reason: "it was interrupted")
    }
  }
}
