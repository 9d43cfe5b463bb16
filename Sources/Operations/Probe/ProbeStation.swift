internal import AgentProtocol
package import Fleet
package import Lab
package import Policy
package import ProbePlan

/// The ends of a probe, and the way to the agent of each.
package struct ProbeStations: Sendable {
  /// Sorted by name.
  package let ends: [ProbeEnd]
  private let reach: [Reach]

  private enum Reach: Sendable {
    case host(Target)
    /// A place of a lab that stands for a network.
    case place(AgentTransport, Patience)
  }

  /// The hosts of an inventory.
  ///
  /// - Parameter targets: of all of them.
  package init(_ targets: Targets, of policy: Policy) {
    self.init(
      targets.hosts.compactMap { target in
        policy.host(named: target.name).map {
          (ProbeEnd(name: target.name, addresses: policy[$0].addresses, host: $0), .host(target))
        }
      })
  }

  /// The hosts and networks of a lab.
  ///
  /// - Parameter program: a built `sekisho`; `nil`: the one that runs.
  /// - Throws: ``LabFault`` where a host of the lab has other addresses than the policy says, or there is another
  ///   one; ``Lab/LabError``.
  package init(
    _ lab: Lab, of policy: Policy, program: String? = nil, patience: Patience = Patience()
  ) throws {
    let program = try program ?? Lab.ownExecutable()
    self.init(
      try lab.plan.nodes.map { node in
        let host = policy.host(named: node.name)
        if node.kind == .host {
          guard let host, policy[host].addresses == node.addresses else {
            throw LabFault(
              "\(node.name) has other addresses in the lab than in the inventory",
              remedy: "bring the lab down and up again")
          }
        }
        let transport = AgentTransport(command: try lab.execPrefix(node.name) + [program, "agent"])
        let end = ProbeEnd(
          name: node.name, addresses: node.addresses, host: node.kind == .host ? host : nil)
        return (end, .place(transport, patience))
      })
    if let missing = policy.hosts.first(where: { lab.plan[$0.name] == nil }) {
      throw LabFault("the lab has no \(missing.name)", remedy: "bring the lab down and up again")
    }
  }

  private init(_ stations: [(ProbeEnd, Reach)]) {
    let sorted = stations.sorted { $0.0.name < $1.0.name }
    ends = sorted.map(\.0)
    reach = sorted.map(\.1)
  }

  /// The index of an end.
  package subscript(name name: String) -> Int? { ends.firstIndex { $0.name == name } }

  /// The index of a host's end.
  package func index(of host: HostID) -> Int? { ends.firstIndex { $0.host == host } }

  /// Asks the agent of an end, once it is known to be there.
  ///
  /// - Throws: ``AgentProtocol/AgentFailure``, or what `question` throws.
  func ask<Answer: Sendable>(
    _ index: Int, _ needs: [any AgentRequest.Type],
    _ question: @escaping @Sendable (any Agent) async throws -> Answer
  ) async throws -> Answer {
    switch reach[index] {
    case .host(let target): try await target.ask(needs, question)
    case .place(let transport, let patience):
      try await AgentSession.run(transport, needing: needs, version: toolVersion, patience: patience) {
        agent, _ in try await question(agent)
      }
    }
  }

  /// How long an end may keep us waiting for an answer.
  func patience(of index: Int) -> Duration {
    switch reach[index] {
    case .host(let target): target.patience.answer
    case .place(_, let patience): patience.answer
    }
  }
}
