import Enforcement
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
    try await AgentSession.run(Transport(command: prefix + [try productProgram(), "agent"]), question)
  }

  @discardableResult
  func apply(_ table: Table) async throws -> ApplyReport {
    try await ask { agent in try await agent.apply(ApplyRequest(wanted: table)) }
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
