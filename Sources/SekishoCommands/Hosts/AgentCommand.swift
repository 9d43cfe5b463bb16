internal import ArgumentParser
internal import Enforcement
internal import Glibc
internal import Machine

struct AgentCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "agent",
    abstract: "Serve the agent protocol on standard input and output.",
    discussion: """
      Transports start this on a host, as in "ssh HOST sudo -n sekisho agent"; it is not meant to be \
      typed. It answers one JSON line for each JSON line and ends with its input.
      """)

  func run() async throws {
    let agent = LocalAgent(version: version, runtimeDirectory: try RuntimeDirectory().path)
    try await AgentServer(agent).serve(input: STDIN_FILENO, output: STDOUT_FILENO)
  }
}
