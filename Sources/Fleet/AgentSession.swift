public import Enforcement
internal import Subprocess
internal import SystemPackage

/// A conversation with the agent that a transport starts; it ends with the agent's process.
public enum AgentSession {
  /// Starts the agent, lets `body` ask it, and waits until it has gone.
  ///
  /// - Throws: ``Enforcement/AgentFailure`` `.unreachable` with the last words of the transport when the
  ///   agent cannot be started or breaks off; whatever `body` throws.
  public static func run<Result: Sendable>(
    _ transport: Transport, _ body: @escaping @Sendable (AgentClient) async throws -> Result
  ) async throws -> Result {
    guard let program = transport.command.first else {
      throw AgentFailure(.unreachable, "the transport has no command")
    }
    let executable: Executable =
      program.contains("/") ? .path(FilePath(program)) : .name(program)
    let errors = ErrorTail()
    do {
      let outcome = try await Subprocess.run(
        executable, arguments: Arguments(Array(transport.command.dropFirst())), input: .inputWriter,
        output: .sequence, error: .sequence
      ) { execution in
        async let drained: Void = errors.collect(execution.standardError)
        let writer = execution.standardInputWriter
        let lines = LineSource(execution.standardOutput)
        let client = AgentClient { line in
          do {
            _ = try await writer.write(line + [UInt8(ascii: "\n")])
          } catch {
            throw AgentFailure(.unreachable, "the agent broke off while it was asked")
          }
          guard let answer = try await lines.next() else {
            throw AgentFailure(.unreachable, "the agent broke off")
          }
          return answer
        }
        let result: Swift.Result<Result, any Error>
        do { result = .success(try await body(client)) } catch { result = .failure(error) }
        try await writer.finish()
        try await drained
        return result
      }
      return try outcome.closureResult.get()
    } catch let failure as AgentFailure where failure.code == .unreachable {
      let words = await errors.text
      throw words.isEmpty ? failure : AgentFailure(.unreachable, "\(failure.message); it said: \(words)")
    } catch let failure as AgentFailure {
      throw failure
    } catch let error as SubprocessError {
      throw AgentFailure(.unreachable, "cannot start \(program): \(error)")
    }
  }
}
