internal import Addressing
internal import Diagnostics
internal import Nftables
internal import Policy
internal import RulesetCompiler
internal import RulesetShape

/// Explanations as text and JSON; connections that are judged alike are told once.
struct ExplanationText {
  let policy: Policy
  let console: Console
  let sources: Sources

  /// - Parameter question: what was asked, for a verdict that holds for a part of it only.
  func write(_ answers: [(Connection, PathExplanation)], to question: String) throws {
    if Self.verdict(answers) == Self.inPart {
      try console.line(
        "\(console.styled(Self.inPart, .changes))  \(question): it depends on the address or port")
    }
    for (connections, explanation) in grouped(answers) {
      let isObserved =
        !explanation.isUnmanaged && explanation.hops.allSatisfy { $0.isAllowed || $0.mode == .observe }
      let verdict = explanation.isAllowed ? "allowed" : isObserved ? "would be denied, and passes" : "denied"
      let style: Style = explanation.isAllowed ? .opens : .closes
      let shown = connections.prefix(6).map(Self.describe).joined(separator: ", ")
      let rest = connections.count > 6 ? " and \(connections.count - 6) more" : ""
      try console.line("\(console.styled(verdict, style))  \(shown)\(rest)")
      if explanation.isUnmanaged {
        try console.line("  neither end is a managed host, and no gateway is between")
      }
      if explanation.hops.isEmpty, !explanation.isUnmanaged {
        try console.line("  both ends are the same host: its loopback is always open")
      }
      for hop in explanation.hops { try write(hop) }
    }
  }

  private func write(_ hop: Hop) throws {
    let host = policy[hop.host].name
    let way = ["ingress": "into", "egress": "out of", "forward": "through"][hop.direction.rawValue] ?? ""
    let mark = hop.isAllowed ? console.styled("+", .opens) : console.styled("-", .closes)
    var reason: String
    if let id = hop.flow {
      let flow = policy[id]
      reason = "flow \(flow.name) (\(place(flow.location)): \(flow.why))"
    } else if hop.isAllowed {
      reason = hop.rule?.comment.map { "always open: \($0)" } ?? "always open"
    } else {
      reason = "no flow allows it"
      if let rule = hop.rule, let comment = rule.comment, RuleNote(rule)?.isOfEverything != true {
        reason = comment
      }
    }
    if !hop.isAllowed, hop.mode == .observe { reason += "; observe mode lets it pass and records it" }
    try console.line("  \(mark) \(way) \(host): \(reason)")
    if let rule = hop.rule, let chain = hop.place?.chain {
      let words = (try? rule.text(in: .inet, style: TextStyle(.listing, isStateless: true))) ?? "?"
      try console.line("      \(console.styled("chain \(chain): \(words)", .faint))")
    }
  }

  private func place(_ location: SourceLocation) -> String {
    "\(sources.shownPath(location.file)):\(location.line)"
  }

  static func describe(_ connection: Connection) -> String {
    let what =
      switch connection.kind {
      case .ports(_, let destination): "\(connection.ipProtocol)/\(destination)"
      case .type(let type):
        "\(connection.ipProtocol)/\(ICMPType.names(connection.family).first { $0.value == type }?.name ?? "\(type)")"
      case .plain: "\(connection.ipProtocol)"
      }
    return "\(connection.source) → \(connection.destination) \(what)"
  }

  private func grouped(_ answers: [(Connection, PathExplanation)]) -> [([Connection], PathExplanation)] {
    var order: [String] = []
    var groups: [String: ([Connection], PathExplanation)] = [:]
    for (connection, explanation) in answers {
      let key = explanation.hops.map { hop in
        "\(hop.host.index) \(hop.direction) \(hop.isAllowed) \(hop.flow?.index ?? -1) \(hop.place?.chain.text ?? "") "
          + (hop.rule?.comment ?? "")
      }.joined(separator: "|")
      if groups[key] == nil { order.append(key) }
      groups[key, default: ([], explanation)].0.append(connection)
    }
    return order.compactMap { groups[$0] }
  }

  // MARK: - JSON

  private struct Answer: Encodable {
    struct Step: Encodable {
      let host: String
      let direction: String
      let verdict: String
      let mode: String
      let flow: String?
      let why: String?
      let at: String?
      let chain: String?
      let rule: String?
    }
    let from: String
    let to: String
    let `protocol`: String
    let port: Int?
    let verdict: String
    let hops: [Step]
  }

  private struct File: Encodable {
    let format_version = 1
    let verdict: String
    let connections: [Answer]
  }

  func json(_ answers: [(Connection, PathExplanation)]) throws -> [UInt8] {
    let connections = answers.map { connection, explanation in
      Answer(
        from: "\(connection.source)", to: "\(connection.destination)", protocol: "\(connection.ipProtocol)",
        port: connection.portOrType, verdict: explanation.isAllowed ? "allowed" : "denied",
        hops: explanation.hops.map(step))
    }
    return try JSONOutput.encode(File(verdict: Self.verdict(answers), connections: connections))
  }

  /// Of all connections together.
  private static func verdict(_ answers: [(Connection, PathExplanation)]) -> String {
    let allowed = answers.count { $0.1.isAllowed }
    return allowed == answers.count ? "allowed" : allowed == 0 ? "denied" : inPart
  }

  private static let inPart = "in part"

  private func step(_ hop: Hop) -> Answer.Step {
    let flow = hop.flow.map { policy[$0] }
    return Answer.Step(
      host: policy[hop.host].name, direction: hop.direction.rawValue,
      verdict: hop.isAllowed ? "allowed" : "denied", mode: hop.mode.rawValue, flow: flow?.name,
      why: flow?.why,
      at: flow.map { place($0.location) }, chain: hop.place?.chain.text,
      rule: hop.rule.flatMap { try? $0.text(in: .inet, style: TextStyle(.listing, isStateless: true)) })
  }
}

extension Connection {
  /// Destination port or message type.
  var portOrType: Int? {
    switch kind {
    case .ports(_, let destination): Int(destination)
    case .type(let type): Int(type)
    case .plain: nil
    }
  }
}
