internal import Addressing
internal import AgentProtocol
internal import ArgumentParser
internal import Attempts
internal import Explanation
internal import Fleet
internal import Glibc
internal import Lab
internal import Machine
internal import Policy

extension LabCommand {
  struct Try: Verb {
    static let configuration = CommandConfiguration(
      commandName: "try",
      abstract: "Try a connection between two hosts of the lab with real packets.",
      usage: "sekisho lab try [<options>] <from> <to> <service>",
      discussion: """
        A listener is started at TO, packets are sent from FROM, and what happens is compared with what the \
        inventory says. Exit codes: 0 the policy and the packets agree, 1 something could not be tried, 4 they \
        do not agree.
        """)

    @OptionGroup var inventory: InventoryOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: "Host or network of the lab.")
    var from: String
    @Argument(help: "Host or network of the lab.")
    var to: String
    @Argument(help: "A service of the inventory, or tcp/443, icmp/echo-request, esp.")
    var service: String

    func answer(_ console: Console) async throws -> Answer {
      let policy = try LoadedPolicy(inventory.inventory).policy
      let asked = try AskedService(service, in: policy)
      let lab = try Lab.running()
      guard let source = lab.plan[from], let destination = lab.plan[to] else {
        throw Refusal(
          .lab, "the lab has no \(lab.plan[from] == nil ? from : to)",
          remedy: "sekisho lab status lists what it has")
      }
      for node in [source, destination] {
        guard let host = policy.hosts.first(where: { $0.name == node.name }) else { continue }
        if Set(host.addresses) == Set(node.addresses) { continue }
        throw Refusal(
          .lab, "\(node.name) has other addresses in the lab than in the inventory",
          remedy: "bring the lab down and up again")
      }
      let connections = asked.terms.flatMap { term in
        source.addresses.flatMap { here in
          destination.addresses.flatMap { term.connections(from: here, to: $0) }
        }
      }
      if connections.isEmpty {
        throw ValidationError("\(from) and \(to) have no address family in common for \(service)")
      }
      let results = try await LabTrial(lab: lab, from: from, to: to).reach(connections)
      var explainer = PathExplainer(policy, HostPolicies(policy))
      let now = Timestamp(seconds: Int64(time(nil)))
      let tried = zip(connections, results).map { connection, outcome in
        // Where no host of the inventory is on the way nothing is denied.
        let explanation = explainer.explain(connection, now: now)
        return Tried(
          connection: connection, outcome: outcome,
          isAllowed: explanation.isAllowed || explanation.isUnmanaged)
      }
      let failures = tried.compactMap { one in
        one.obstacle.map { obstacle in
          Answer.Part.failure(
            "not tried: \(from) → \(to) \(ExplanationReport.describe(one.connection)): \(obstacle)")
        }
      }
      let said = tried.filter { $0.obstacle == nil }
      return Answer(
        parts: (said.isEmpty ? [] : [.chapter(Chapter(.facts, "", said.map(entry)))]) + failures,
        data: .document(Tries(from: from, to: to, tried)),
        exitCode: !failures.isEmpty ? .failed : tried.allSatisfy(\.agrees) ? nil : .broken)
    }

    private func entry(_ tried: Tried) -> Entry {
      let verdict: Words =
        tried.agrees ? "as the policy says" : Words("the policy says otherwise", .closes)
      let words = Words(tried.isOpen ? "open  " : "closed", tried.isOpen ? .opens : .closes)
      return "\(words)  \(from) → \(to)  \(ExplanationReport.describe(tried.connection))  \(verdict)"
    }
  }
}

/// A connection whose packets were sent, and what the policy says of it.
private struct Tried {
  let connection: Connection
  let outcome: TrialOutcome
  let isAllowed: Bool

  var isOpen: Bool { outcome == .open }
  /// Why nothing is known of it; `nil`: the packets have said.
  var obstacle: String? { if case .untried(let reason) = outcome { reason } else { nil } }
  var agrees: Bool { obstacle == nil && isOpen == isAllowed }
}

private struct Tries: Encodable {
  struct Attempt: Encodable {
    let from: String
    let to: String
    let `protocol`: String
    let port: Int?
    /// `open` or `closed`, by the packets; `untried`: nothing is known.
    let outcome: String
    /// Why it could not be tried.
    let reason: String?
    /// `allowed` or `denied`, by the policy.
    let verdict: String
  }
  let from: String
  let to: String
  let agrees: Bool
  let connections: [Attempt]

  init(from: String, to: String, _ tried: [Tried]) {
    self.from = from
    self.to = to
    agrees = tried.allSatisfy(\.agrees)
    connections = tried.map { one in
      let connection = one.connection
      return Attempt(
        from: "\(connection.source)", to: "\(connection.destination)",
        protocol: "\(connection.ipProtocol)", port: connection.portOrType,
        outcome: one.obstacle != nil ? "untried" : one.isOpen ? "open" : "closed", reason: one.obstacle,
        verdict: one.isAllowed ? "allowed" : "denied")
    }
  }
}

/// What packets say of a connection.
enum TrialOutcome: Hashable, Sendable {
  case open
  case closed
  /// It was not sent, or nobody was there to see it: that is no denial.
  case untried(String)
}

/// Real packets between two places of a lab.
struct LabTrial {
  let lab: Lab
  let from: String
  let to: String

  /// Whether the first packets of connections arrive and are answered.
  func reach(_ connections: [Connection]) async throws -> [TrialOutcome] {
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
    let listening = Transport(command: try lab.execPrefix(to) + agent)
    let sending = Transport(command: try lab.execPrefix(from) + agent)
    let (unheard, outcomes, arrivals) = try await AgentSession.run(
      listening, needing: [Listen.self, Arrivals.self], version: version
    ) { witness, _ in
      let unheard = try await witness.ask(Listen(ports)).unheard
      let outcomes = try await AgentSession.run(sending, needing: [Probe.self], version: version) {
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
