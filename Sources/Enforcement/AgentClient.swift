internal import FoundationEssentials
public import Nftables

/// An agent at the other end of a byte stream.
public actor AgentClient: Agent {
  private let exchange: @Sendable ([UInt8]) async throws -> [UInt8]
  private var lastID = 0

  /// - Parameter exchange: sends one line and gives the line that answers it, both without line break.
  public init(exchange: @escaping @Sendable ([UInt8]) async throws -> [UInt8]) {
    self.exchange = exchange
  }

  public func hello() async throws -> AgentHello { try await ask(.hello) }
  public func status() async throws -> HostStatus { try await ask(.status) }
  public func compare(_ wanted: Table) async throws -> Comparison { try await ask(.compare(wanted)) }
  public func apply(_ request: ApplyRequest) async throws -> ApplyReport { try await ask(.apply(request)) }

  public func ruleset() async throws -> HostRuleset {
    let (_, line): (RulesetReply, [UInt8]) = try await answer(to: .ruleset)
    return try HostRuleset(reply: line)
  }

  public func track(after seen: RulesetMoment) async throws -> RulesetMoment {
    try await ask(.track(after: seen))
  }

  public func listing() async throws -> String? {
    let reply: ListingReply = try await ask(.listing)
    return reply.text
  }

  /// Tries connections from where the agent is.
  ///
  /// - Parameter attempts: as `Probing.Attempt` writes them.
  /// - Returns: for each, as `Probing.Outcome` writes it.
  public func probe(_ attempts: [String]) async throws -> [String] {
    let reply: ProbeReply = try await ask(.probe(attempts))
    guard reply.outcomes.count == attempts.count else {
      throw AgentFailure(.unreachable, "the agent tried other connections than it was asked to")
    }
    return reply.outcomes
  }

  /// Listens where the agent is, until the next request.
  ///
  /// - Returns: what cannot be listened to there, and why.
  public func listen(_ ports: ListenPorts) async throws -> [String] {
    let reply: ListenReply = try await ask(.listen(ports))
    return reply.unheard
  }

  /// What has arrived since ``listen(_:)``; ends the listening.
  public func arrivals() async throws -> [String] {
    let reply: ArrivalsReply = try await ask(.arrivals)
    return reply.arrivals
  }

  private func ask<Content: Codable & Sendable>(_ request: AgentRequest) async throws -> Content {
    try await answer(to: request).content
  }

  /// The content of a reply, and the line it came in.
  private func answer<Content: Codable & Sendable>(to request: AgentRequest) async throws -> (
    content: Content, line: [UInt8]
  ) {
    lastID += 1
    let id = lastID
    let asked = try request.line(id: id)
    guard asked.count <= AgentServer.longestRequest else {
      throw AgentFailure(
        .badRequest,
        "the ruleset is \(asked.count) bytes as text, and agents read \(AgentServer.longestRequest)")
    }
    let line = try await exchange(asked)
    guard let answer = try? JSONDecoder().decode(AgentReply<Content>.self, from: Data(line)) else {
      let start = String(decoding: line.prefix(120), as: UTF8.self)
      throw AgentFailure(
        .unreachable, "the other end does not speak the agent protocol; it said: \(start.debugDescription)")
    }
    if let failure = answer.failure {
      throw AgentFailure(AgentFailure.Code(rawValue: failure.code) ?? .failed, failure.message)
    }
    guard answer.id == id, let content = answer.reply else {
      throw AgentFailure(.unreachable, "the other end answered another question")
    }
    return (content, line)
  }
}
