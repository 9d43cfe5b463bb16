internal import AgentProtocol
internal import Machine
internal import Subprocess
internal import SystemPackage

/// A program of a host that is no agent. What it is to do comes on its standard input: ssh(1) joins the words of a command and
/// has a shell there read them, other transports do not, so that only words which no shell reads otherwise mean the same.
package enum RemoteCommand {
  /// - Parameters:
  ///   - command: program and arguments, of letters, digits and `-./=`.
  ///   - limit: for all of it.
  /// - Returns: the first 1000 lines that it wrote, but for those of more than 4096 bytes.
  /// - Throws: ``AgentProtocol/AgentFailure`` `.unreachable` or `.timedOut` with the last words of the transport when it does not
  ///   end by itself, and well.
  package static func run(
    _ command: [String], input: [UInt8], by transport: AgentTransport, within limit: Duration
  ) async throws -> [String] {
    let words = transport.starting(command)
    let program = words[0]
    let executable: Executable = program.contains("/") ? .path(FilePath(program)) : .name(program)
    var options = PlatformOptions()
    // As for an agent: what is given up goes with all that it started.
    options.processGroupID = 0
    let errors = ErrorTail()
    do {
      let outcome = try await Subprocess.run(
        executable, arguments: Arguments(Array(words.dropFirst())), platformOptions: options,
        input: .inputWriter, output: .sequence, error: .sequence
      ) { execution in
        let watch = ChildWatch { try? execution.send(signal: .kill, toProcessGroup: true) }
        let drained = Task { try await errors.collect(execution.standardError) }
        let lines = ChildLines(execution.standardOutput)
        let writer = execution.standardInputWriter
        let sent = Task {
          // Who no longer reads says why by what it wrote, and how it ends.
          _ = try? await writer.write(input)
          try? await writer.finish()
        }
        var told: [String] = []
        try? await watch.within(limit) {
          while let line = try await lines.next(atMost: 4096) {
            if case .whole(let bytes) = line, told.count < 1000 {
              told.append(String(decoding: bytes, as: UTF8.self))
            }
          }
          await sent.value
          try await drained.value
        }
        return (lines: told, isExpired: watch.isExpired)
      }
      let (lines, isExpired) = outcome.closureResult
      if case .exited(0) = outcome.terminationStatus { return lines }
      let last = await errors.text
      let said = last.isEmpty ? "" : "; it said: \(last)"
      throw isExpired
        ? AgentFailure(
          .timedOut, "it was not done within \(limit.words)\(said)", remedy: "--timeout waits longer")
        : AgentFailure(.unreachable, "\(command[0]) was not started there, or failed\(said)")
    } catch let error as SubprocessError {
      throw AgentFailure(.unreachable, "cannot start \(program): \(error)")
    }
  }
}
