package import AgentProtocol
internal import HostAgent
package import Policy
internal import RulesetDiff

/// What one host said of itself.
package struct HostAnswer {
  package let host: String
  package let status: Result<HostStatus, any Error>
  /// Objects that differ from what the host should have; `nil`: nothing says what that is.
  package let differing: Int?
  /// Addresses that its peers deny; `nil`: nothing says whose addresses are whose.
  package var stray: StrayAddresses?

  package var isFailure: Bool { if case .failure = status { true } else { false } }

  /// The state of this machine, whichever host it is.
  package static func ofThisMachine() -> Self {
    do {
      let agent = try ThisMachine.agent()
      let name = try agent.answer(Hello()).node
      return Self(host: name, status: .success(try agent.answer(Status())), differing: nil)
    } catch {
      return Self(host: "this machine", status: .failure(error), differing: nil)
    }
  }

  /// The states of hosts, each compared with what it should have.
  package static func of(_ targets: Targets, watch: (any HostWatch)? = nil) async -> [Self] {
    let answers = await asking(targets.hosts, watch) { target in
      try await target.ask([Status.self, Look.self]) { agent, greeting in
        (
          status: try await agent.ask(Status()),
          comparison: try await agent.ask(Look(target.wanted)).comparison,
          stray: target.identity.strayAddresses(greeting)
        )
      }
    }
    return zip(targets.hosts, answers).map { target, answer in
      Self(
        host: target.name, status: answer.map(\.status),
        differing: (try? answer.get())?.comparison.change.objects.count,
        stray: (try? answer.get())?.stray)
    }
  }
}
