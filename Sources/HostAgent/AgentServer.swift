package import AgentProtocol
internal import Machine
package import SystemPackage

/// Answers requests: of this process as values, of another as lines.
///
/// Everything happens on the thread that asks, one request after the other.
package struct AgentServer {
  private var handlers: [String: any AnyHandler] = [:]
  private var waiting: (Int32, ContinuousClock.Instant) -> Void = { _, _ in }
  private let patience: Patience

  /// How long an agent waits for the other end.
  package struct Patience: Sendable {
    /// For the next request: an agent whose controller is gone without a word ends by itself.
    package var idle: Duration = .seconds(600)
    /// For an event to be acknowledged: nothing is held for somebody who may be gone.
    package var event: Duration = .seconds(10)

    package init() {}
  }

  /// Knows no request yet.
  package init(patience: Patience = Patience()) { self.patience = patience }

  /// Says how a request is carried out.
  package mutating func handle<Request: AgentRequest>(
    _ type: Request.Type,
    _ body: @escaping (Request, Conversation<Request>) throws(AgentFailure) -> Request.Reply
  ) {
    handlers[Request.name] = Handler(body: body)
  }

  /// Says what is done between requests, until a descriptor can be read or the time is over.
  mutating func whileWaiting(_ body: @escaping (Int32, ContinuousClock.Instant) -> Void) { waiting = body }

  /// Carries out a request of this process.
  package func answer<Request: AgentRequest>(
    _ request: Request, tell: @escaping (Request.Event) throws(AgentFailure) -> Void = { _ in }
  ) throws(AgentFailure) -> Request.Reply {
    guard let handler = handlers[Request.name] as? Handler<Request> else { throw unknown(Request.name) }
    return try handler.body(request, Conversation(known: Set(handlers.keys), tell: tell))
  }

  /// Answers requests from a stream until it ends, or nothing comes for too long.
  ///
  /// - Throws: ``AgentProtocol/AgentFailure`` when the streams break, not when a request fails.
  package func serve(
    input: FileDescriptor = .standardInput, output: FileDescriptor = .standardOutput
  ) throws(AgentFailure) {
    let wire = AgentWire(input, output, patience)
    var requests = RequestReader()
    while true {
      if !wire.hasWaiting { waiting(input.rawValue, .now + patience.idle) }
      guard let line = try wire.next(atMost: requests.longestLine, by: .now + patience.idle) else { return }
      if line == .whole([]), requests.isBetween { continue }
      switch requests.take(line.bytes) {
      case .more: break
      case .bad(let failure, let id): try wire.write([Frames.failure(failure, to: id)])
      case .request(let arrived): try wire.write(answer(arrived, wire))
      }
    }
  }

  private func answer(_ arrived: RequestReader.Arrived, _ wire: AgentWire) -> [[UInt8]] {
    do throws(AgentFailure) {
      guard let handler = handlers[arrived.name] else { throw unknown(arrived.name) }
      return try handler.answer(arrived, known: Set(handlers.keys), wire)
    } catch {
      return [Frames.failure(error, to: arrived.id)]
    }
  }

  private func unknown(_ name: String) -> AgentFailure {
    AgentFailure(
      .otherVersion, "no such request: \(name); this agent speaks protocol \(ProtocolVersion.number)",
      remedy: "use the same version of sekisho at both ends")
  }
}
