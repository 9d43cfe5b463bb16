internal import Addressing
internal import AgentProtocol
internal import Attempts
internal import Fleet
package import Lab
package import Policy

/// Real packets between two places of a lab.
package struct LabTrial {
  package let lab: Lab
  package let from: String
  package let to: String
  /// What is run as an agent in both.
  private let program: String

  /// - Parameter program: a built `sekisho`; `nil`: the one that runs.
  /// - Throws: ``Lab/LabError``.
  package init(lab: Lab, from: String, to: String, program: String? = nil) throws {
    self.lab = lab
    self.from = from
    self.to = to
    self.program = try program ?? Lab.ownExecutable()
  }

  /// Whether the first packets of connections arrive and are answered.
  package func reach(_ connections: [Connection]) async throws -> [TrialOutcome] {
    var tcp: Set<UInt16> = []
    var udp: Set<UInt16> = []
    var protocols: Set<IPProtocol> = []
    for connection in connections {
      switch (connection.ipProtocol, connection.kind) {
      case (.tcp, .ports(_, let port)): tcp.insert(port)
      case (.udp, .ports(_, let port)): udp.insert(port)
      default: protocols.insert(connection.ipProtocol)
      }
    }
    let ports = ListenRequest(tcp: tcp.sorted(), udp: udp.sorted(), raw: protocols.sorted())
    let attempts = connections.map { connection -> Attempt in
      let aim: Attempt.Aim =
        switch connection.kind {
        case .ports(_, let port): .port(port)
        case .type(let type): .type(type)
        case .plain: .plain
        }
      return Attempt(connection.ipProtocol, from: connection.source, to: connection.destination, aim)
    }
    let agent = [program, "agent"]
    let listening = AgentTransport(command: try lab.execPrefix(to) + agent)
    let sending = AgentTransport(command: try lab.execPrefix(from) + agent)
    let (unheard, outcomes, arrivals) = try await AgentSession.run(
      listening, needing: [Listen.self, Arrivals.self], version: toolVersion
    ) { witness, _ in
      let unheard = try await witness.ask(Listen(ports)).unheard
      let outcomes = try await AgentSession.run(sending, needing: [Probe.self], version: toolVersion) {
        agent, _ in
        try await agent.ask(Probe(attempts)).outcomes
      }
      return (unheard, outcomes, try await witness.ask(Arrivals()).arrivals)
    }
    guard outcomes.count == connections.count else {
      throw AgentFailure(.unreachable, "the agent tried other connections than it was asked to")
    }
    return zip(connections, outcomes).map {
      TrialOutcome($0, $1, arrivals, at: to, unheard)
    }
  }
}
