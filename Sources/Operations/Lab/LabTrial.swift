internal import Addressing
internal import AgentProtocol
internal import Attempts
internal import Fleet
package import Lab
package import Policy

/// What packets say of a connection.
package enum TrialOutcome: Hashable, Sendable {
  case open
  case closed
  /// It was not sent, or nobody was there to see it: that is no denial.
  case untried(String)
}

/// Real packets between two places of a lab.
package struct LabTrial {
  package let lab: Lab
  package let from: String
  package let to: String

  package init(lab: Lab, from: String, to: String) {
    self.lab = lab
    self.from = from
    self.to = to
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
    let agent = [try Lab.ownExecutable(), "agent"]
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
    return zip(connections, outcomes).map { connection, outcome in
      let hasArrived = arrivals.contains {
        $0.ipProtocol == connection.ipProtocol && $0.peer == connection.source
      }
      switch outcome {
      case .open: return .open
      // Protocols that nobody answers are known to have arrived only where they arrive.
      case .silent where !connection.isAnswered && hasArrived: return .open
      case .silent, .rejected, .egressDenied:
        let deaf = unheard.first { $0.isAbout(connection) }
        return deaf.map { .untried("nobody listens at \(to): \($0)") } ?? .closed
      case .refused, .unreachable, .unsupported, .failed: return .untried("\(outcome)")
      }
    }
  }
}

extension Connection {
  /// Whether the sender learns of the answer.
  fileprivate var isAnswered: Bool { [.tcp, .udp, .icmp, .icmpv6].contains(ipProtocol) }
}

extension Unheard {
  fileprivate func isAbout(_ connection: Connection) -> Bool {
    guard ipProtocol == connection.ipProtocol, family == connection.family else { return false }
    if case .ports(_, let asked) = connection.kind, let port { return asked == port }
    return true
  }
}
