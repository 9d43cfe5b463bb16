internal import Addressing
internal import Machine
internal import Probing
internal import SystemPackage

/// Serves the agent protocol on two file descriptors until the input ends.
public struct AgentServer {
  /// The longest line that is read, in bytes: a ruleset of some two million elements.
  public static let longestRequest = 1 << 28

  private let agent: any Agent
  private let longest: Int

  /// - Parameter longest: bytes of the longest request that is read; what is longer is answered and not
  ///   kept.
  public init(_ agent: any Agent, longest: Int = longestRequest) {
    self.agent = agent
    self.longest = longest
  }

  /// Answers one request after the other.
  ///
  /// - Throws: ``AgentFailure`` when the streams break, not when a request fails.
  public func serve(input: Int32, output: Int32) async throws(AgentFailure) {
    var lines = LineReader(FileDescriptor(rawValue: input), longest: longest)
    var listener: Listener?
    while let line = try Self.next(of: &lines) {
      var reply: [UInt8]
      switch line {
      case .whole([]): continue
      case .whole(let bytes): reply = await answer(bytes, &listener)
      case .tooLong:
        reply = Self.reply(
          AgentFailure(
            .badRequest, "a request is longer than \(longest) bytes, and was not read; nothing was done"),
          to: 0)
      }
      reply.append(UInt8(ascii: "\n"))
      try write(reply, to: output)
      if let listener, !lines.hasWaiting { listener.serve(until: input) }
    }
  }

  private static func next(of lines: inout LineReader) throws(AgentFailure) -> LineSplitter.Line? {
    do throws(Errno) {
      return try lines.next()
    } catch {
      throw AgentFailure(.unreachable, "cannot read requests: \(error)")
    }
  }

  private func answer(_ line: [UInt8], _ listener: inout Listener?) async -> [UInt8] {
    var id = 0
    do {
      let (number, request) = try AgentRequest.parse(line)
      id = number
      switch request {
      case .hello: return try AgentReply(id: id, reply: try await agent.hello()).line()
      case .status: return try AgentReply(id: id, reply: try await agent.status()).line()
      case .ruleset: return try await agent.ruleset().line(id: id)
      case .compare(let wanted): return try AgentReply(id: id, reply: try await agent.compare(wanted)).line()
      case .apply(let request): return try AgentReply(id: id, reply: try await agent.apply(request)).line()
      case .probe(let texts):
        let attempts = texts.compactMap { Attempt(parsing: $0) }
        guard attempts.count == texts.count else { throw AgentFailure(.badRequest, "not an attempt") }
        return try AgentReply(
          id: id, reply: ProbeReply(outcomes: Probe().run(attempts).map(\.description))
        ).line()
      case .listen(let ports):
        let made = Listener(
          ListenRequest(tcp: ports.tcp, udp: ports.udp, raw: ports.protocols.map { IPProtocol(rawValue: $0) })
        )
        listener = made
        return try AgentReply(id: id, reply: ListenReply(unheard: made.unheard.map(\.description))).line()
      case .arrivals:
        let arrivals = listener?.arrivals.map(\.description) ?? []
        listener = nil
        return try AgentReply(id: id, reply: ArrivalsReply(arrivals: arrivals)).line()
      case .track(let seen):
        return try AgentReply(id: id, reply: try await agent.track(after: seen)).line()
      case .listing:
        return try AgentReply(id: id, reply: ListingReply(text: try await agent.listing())).line()
      }
    } catch {
      return Self.reply(error as? AgentFailure ?? AgentFailure(.failed, "\(error)"), to: id)
    }
  }

  private static func reply(_ failure: AgentFailure, to id: Int) -> [UInt8] {
    let reply = AgentReply<ListingReply>(
      id: failure.request ?? id, failure: .init(code: failure.code.rawValue, message: failure.message))
    // A code and a message are always JSON.
    return (try? reply.line()) ?? Array("{}".utf8)
  }

  private func write(_ bytes: [UInt8], to descriptor: Int32) throws(AgentFailure) {
    do throws(Errno) {
      try FileDescriptor(rawValue: descriptor).writeWhole(bytes)
    } catch {
      throw AgentFailure(.unreachable, "cannot answer: \(error)")
    }
  }
}
