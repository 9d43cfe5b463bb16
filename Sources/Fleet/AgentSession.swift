package import AgentProtocol
internal import Subprocess
internal import SystemPackage

/// A conversation with the agent that a transport starts; it ends with the agent's process.
package enum AgentSession {
  /// Starts the agent, lets `body` ask it, and waits until it has gone.
  ///
  /// - Parameters:
  ///   - needs: what will be asked; an agent that cannot do it is told apart before anything is.
  ///   - version: of the tool at this end.
  /// - Throws: ``AgentProtocol/AgentFailure`` `.unreachable` or `.timedOut` with the last words of the transport
  ///   when the agent cannot be started, breaks off or keeps us waiting; `.otherVersion`; whatever `body` throws.
  package static func run<Result: Sendable>(
    _ transport: AgentTransport, needing needs: [any AgentRequest.Type], version: String,
    patience: Patience = Patience(),
    _ body: @escaping @Sendable (any Agent, Greeting) async throws -> Result
  ) async throws -> Result {
    guard let program = transport.command.first else {
      throw AgentFailure(.unreachable, "the transport has no command")
    }
    let executable: Executable =
      program.contains("/") ? .path(FilePath(program)) : .name(program)
    var options = PlatformOptions()
    // A group of its own, so that what is given up goes with all that it started.
    options.processGroupID = 0
    options.teardownSequence = [
      .send(signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .zero)
    ]
    let errors = ErrorTail()
    do {
      let outcome = try await Subprocess.run(
        executable, arguments: Arguments(Array(transport.command.dropFirst())), platformOptions: options,
        input: .inputWriter, output: .sequence, error: .sequence
      ) { execution in
        let watch = ChildWatch { try? execution.send(signal: .kill, toProcessGroup: true) }
        let drained = Task { try await errors.collect(execution.standardError) }
        let lines = ChildLines(execution.standardOutput)
        let agent = RemoteAgent(execution.standardInputWriter, lines, watch, patience)
        let result: Swift.Result<Result, any Error>
        do {
          result = .success(try await body(agent, try await agent.greet(needs, version: version)))
        } catch {
          result = .failure(error)
        }
        // It has nothing left to say; what does not end by itself is ended.
        try? await watch.within(Self.farewell) {
          try await execution.standardInputWriter.finish()
          try await lines.drain()
          try await drained.value
        }
        return result
      }
      return try outcome.closureResult.get()
    } catch let failure as AgentFailure where [.unreachable, .timedOut].contains(failure.code) {
      let words = await errors.text
      if words.isEmpty { throw failure }
      throw AgentFailure(
        failure.code, "\(failure.message); it said: \(words)", remedy: failure.remedy,
        happened: failure.happened)
    } catch let error as SubprocessError {
      throw AgentFailure(.unreachable, "cannot start \(program): \(error)")
    }
  }

  private static let farewell = Duration.seconds(5)
}
