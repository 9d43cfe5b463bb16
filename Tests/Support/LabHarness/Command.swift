import Subprocess
import SystemPackage

/// What a program did.
package struct Finished: Sendable {
  /// Exit status, or 128 and the number of the signal.
  package let status: Int32
  /// Standard output and error together.
  package let output: String

  package var lines: [String] { output.split(separator: "\n").map(String.init) }
}

/// Runs a program, its path first, to its end.
package func run(_ command: [String], input: String = "") async throws -> Finished {
  let result = try await Subprocess.run(
    .path(FilePath(command[0])), arguments: Arguments(Array(command.dropFirst())), input: .string(input),
    output: .string(limit: 1 << 22), error: .combinedWithOutput)
  return Finished(status: result.terminationStatus.number, output: result.standardOutput)
}

/// Starts a program, waits until it has printed a line, does something, closes the program's standard input
/// and waits for its end.
package func whileRunning<Result: Sendable>(
  _ command: [String], after line: String, _ body: @Sendable () async throws -> Result
) async throws -> (finished: Finished, result: Result) {
  let result = try await Subprocess.run(
    .path(FilePath(command[0])), arguments: Arguments(Array(command.dropFirst())), input: .inputWriter,
    output: .sequence, error: .combinedWithOutput
  ) { execution in
    var output = ""
    var chunks = execution.standardOutput.makeAsyncIterator()
    while !output.split(separator: "\n").contains(Substring(line)), let chunk = try await chunks.next() {
      output += text(of: chunk)
    }
    let result = try await body()
    try await execution.standardInputWriter.finish()
    while let chunk = try await chunks.next() { output += text(of: chunk) }
    return (output, result)
  }
  let status = result.terminationStatus.number
  let (output, value) = result.closureResult
  return (Finished(status: status, output: output), value)
}

private func text(of chunk: SubprocessOutputSequence.Buffer) -> String {
  chunk.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
}

extension TerminationStatus {
  fileprivate var number: Int32 {
    switch self {
    case .exited(let code): Int32(code)
    case .signaled(let code): 128 + Int32(code)
    }
  }
}
