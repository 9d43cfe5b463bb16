internal import ArgumentParser
internal import HostAgent
internal import Operations

struct AgentCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "agent",
    abstract: "Serve the agent protocol on standard input and output.",
    discussion: """
      Transports start this on a host, as in "ssh HOST sudo -n sekisho agent"; it is not meant to be \
      typed. It answers requests, which are lines of JSON, and ends with its input.
      """)

  @Flag(help: .hidden) var keep = false

  func run() throws {
    let here = try ThisMachine.here()
    if keep {
      try here.keep()
    } else {
      try AgentServer(here, version: toolVersion).serve()
    }
  }
}
