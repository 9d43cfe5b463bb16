package import AgentProtocol
internal import HostAgent
internal import RulesetDiff

/// What one host said of itself.
package struct HostAnswer {
  package let host: String
  package let status: Result<HostStatus, any Error>
  /// Objects that differ from what the host should have; `nil`: nothing says what that is.
  package let differing: Int?
  /// What there is to know beside that; `nil`: nothing is known of the host.
  package let facts: HostFacts?

  package var isFailure: Bool { if case .failure = status { true } else { false } }

  /// The state of this machine, whichever host it is.
  package static func ofThisMachine() -> Self {
    do {
      let agent = try ThisMachine.agent()
      let name = try agent.answer(Hello()).node
      let status = try agent.answer(Status())
      let tables = status.foreignChains.isEmpty ? [] : try agent.answer(Read()).tables
      let identity = HostIdentity(host: name, addresses: ThisMachine.ownAddresses, owners: [:])
      return Self(
        host: name, status: .success(status), differing: nil,
        facts: HostFacts(identity, tables: tables, names: nil, exits: ThisMachine.exits))
    } catch {
      return Self(host: "this machine", status: .failure(error), differing: nil, facts: nil)
    }
  }

  /// The states of hosts, each compared with what it should have.
  package static func of(_ targets: Targets, watch: (any HostWatch)? = nil) async -> [Self] {
    let answers = await asking(targets.hosts, watch) { target in
      try await target.ask([Status.self, Look.self]) { agent, greeting in
        (
          status: try await agent.ask(Status()), looked: try await agent.ask(Look(target.wanted)),
          stray: target.identity.strayAddresses(greeting)
        )
      }
    }
    return zip(targets.hosts, answers).map { target, answer in
      let known = try? answer.get()
      return Self(
        host: target.name, status: answer.map(\.status),
        differing: known?.looked.comparison.change.objects.count,
        facts: known.map {
          HostFacts(
            target.identity, tables: $0.looked.ruleset ?? [], names: targets.inventory?.policy,
            exits: target.exits, stray: $0.stray)
        })
    }
  }
}
