internal import AgentProtocol
package import Evidence
internal import HostAgent
internal import RulesetDiff

extension HostFigures {
  /// Asks a host; without one, this machine, of which no inventory says what it should have.
  ///
  /// What a host may not or cannot tell beside its status is left out.
  package static func asked(of target: Target?) async throws -> Self {
    guard let target else {
      let agent = try ThisMachine.agent()
      return Self(
        status: try agent.answer(Status()), usage: try? agent.answer(ListUsage(countsSessions: true)),
        records: try? agent.answer(ListRecords()), differing: nil)
    }
    return try await target.ask([Status.self, Look.self, ListUsage.self, ListRecords.self]) { agent in
      Self(
        status: try await agent.ask(Status()), usage: try? await agent.ask(ListUsage(countsSessions: true)),
        records: try? await agent.ask(ListRecords()),
        differing: try? await agent.ask(Look(target.wanted)).comparison.change.objects.count)
    }
  }
}
