import AgentProtocol
import Fleet
import Lab
import LabHarness
import Nftables
import Testing

/// A network namespace with nothing in it but its loopback, as long as a process holds it.
struct EmptyNamespace: Sendable {
  /// What stands in front of a command that runs in it.
  let prefix: [String]
  /// The runtime directory of programs in it.
  let directory: String

  func ask<Answer: Sendable>(_ question: @escaping @Sendable (any Agent) async throws -> Answer) async throws
    -> Answer
  {
    let transport = AgentTransport(command: prefix + [try productProgram(), "agent"])
    return try await AgentSession.run(transport, needing: [], version: "test") { agent, _ in
      try await question(agent)
    }
  }

  func look(_ wanted: Table) async throws -> Looked { try await ask { try await $0.ask(Look(wanted)) } }

  @discardableResult
  func apply(_ table: Table, seen: Seen? = nil) async throws -> Applied {
    try await ask { try await $0.ask(Apply(table, seen: seen, isLearning: false)) }
  }

  /// What nft(8) says there.
  func nft(_ arguments: String...) async throws -> String {
    try await run(prefix + ["nft"] + arguments).succeeded()
  }
}

/// Does something in a namespace of its own that is gone afterwards.
func withNamespace<Result>(_ body: (EmptyNamespace) async throws -> Result)
  async throws -> Result
{
  try await withLab(try loaded(nobody), try labRights()) { lab in
    // A node of a lab, without the lab's interface.
    _ = try await lab.run("somebody", ["ip", "link", "delete", "eth0"]).succeeded()
    return try await body(
      EmptyNamespace(prefix: try lab.execPrefix("somebody"), directory: "/run/sekisho/somebody"))
  }
}

private let nobody = "version: 1\nhosts: {somebody: {addresses: [10.0.0.1]}}\n"
