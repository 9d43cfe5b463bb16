internal import Subprocess
internal import Synchronization
internal import SystemPackage

/// A program on this machine that judges what was done to hosts.
package enum LocalProgram {
  /// How it ended.
  package enum Ending: Hashable, Sendable {
    /// With this status.
    case exited(Int32)
    /// By a signal.
    case signaled(Int32)
    /// It was ended: it took too long.
    case timedOut
    /// It was ended: nobody waits for it any more.
    case cancelled
  }

  /// Runs it to its end. What it says goes to standard error.
  ///
  /// - Parameters:
  ///   - command: program and arguments; no shell reads them.
  ///   - variables: are added to the environment.
  ///   - input: it may read, or not. Of a fleet it is more than one string of the environment can be (execve(2)).
  ///   - limit: after which it is ended, with all that it started.
  ///   - isCancelled: is asked several times a second.
  /// - Throws: where it cannot be started.
  package static func run(
    _ command: [String], variables: [String: String], input: [UInt8], within limit: Duration,
    until isCancelled: @escaping @Sendable () -> Bool
  ) async throws -> Ending {
    let program = command.first ?? ""
    let executable: Executable = program.contains("/") ? .path(FilePath(program)) : .name(program)
    var options = PlatformOptions()
    // A group of its own, so that it goes with all that it started.
    options.processGroupID = 0
    var environment = Subprocess.Environment.inherit
    environment = environment.updating(
      Dictionary(
        variables.compactMap { name, value in Environment.Key(rawValue: name).map { ($0, value) } },
        uniquingKeysWith: { one, _ in one }))
    let watch = Watch()
    defer { watch.stop() }
    let outcome = try await Subprocess.run(
      executable, arguments: Arguments(Array(command.dropFirst())), environment: environment,
      platformOptions: options, input: .inputWriter,
      output: .fileDescriptor(.standardError, closeAfterSpawningProcess: false),
      error: .fileDescriptor(.standardError, closeAfterSpawningProcess: false)
    ) { execution in
      watch.start(limit, isCancelled) { try? execution.send(signal: .kill, toProcessGroup: true) }
      let writer = execution.standardInputWriter
      _ = try? await writer.write(input)
      try? await writer.finish()
    }
    if let ended = watch.ended { return ended }
    switch outcome.terminationStatus {
    case .exited(let code): return .exited(Int32(code))
    case .signaled(let code): return .signaled(Int32(code))
    }
  }

  /// Ends a program that nobody waits for any longer.
  private final class Watch: Sendable {
    private let state = Mutex((task: Task<Void, Never>?.none, ended: Ending?.none))

    /// Why it was ended; `nil`: it was not.
    var ended: Ending? { state.withLock { $0.ended } }

    func start(
      _ limit: Duration, _ isCancelled: @escaping @Sendable () -> Bool, _ end: @escaping @Sendable () -> Void
    ) {
      let task = Task { [self] in
        let last = ContinuousClock.now + limit
        while !isCancelled(), ContinuousClock.now < last {
          guard (try? await Task.sleep(for: .milliseconds(100))) != nil else { return }
        }
        state.withLock { $0.ended = isCancelled() ? .cancelled : .timedOut }
        end()
      }
      state.withLock { $0.task = task }
    }

    func stop() { state.withLock { $0.task }?.cancel() }
  }
}
