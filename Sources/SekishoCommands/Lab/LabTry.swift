internal import Addressing
internal import ArgumentParser
internal import Explanation
internal import Glibc
internal import Lab
internal import Operations
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
        throw LabFault(
          "the lab has no \(lab.plan[from] == nil ? from : to)",
          remedy: "sekisho lab status lists what it has")
      }
      for node in [source, destination] {
        guard let host = policy.hosts.first(where: { $0.name == node.name }) else { continue }
        if Set(host.addresses) == Set(node.addresses) { continue }
        throw LabFault(
          "\(node.name) has other addresses in the lab than in the inventory",
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
