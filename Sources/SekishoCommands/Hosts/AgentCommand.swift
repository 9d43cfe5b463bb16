internal import ArgumentParser
internal import Enforcement
internal import HostAgent
internal import Machine
internal import Operations

struct AgentCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "agent",
    abstract: "Serve the agent protocol on standard input and output.",
    discussion: """
      Transports start this on a host, as in "ssh HOST sudo -n sekisho agent"; it is not meant to be \
      typed. It answers requests, which are lines of JSON, and ends with its input.
      """)

  func run() throws {
    let host = LocalHost(runtimeDirectory: try RuntimeDirectory().path)
    try AgentServer(host, version: toolVersion).serve()
  }
}
