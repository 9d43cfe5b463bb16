internal import Addressing
internal import Glibc
internal import Probing

/// Serves the agent protocol on two file descriptors until the input ends.
public struct AgentServer {
  /// The longest line that is read: a ruleset of some two million elements.
  private static let longestLine = 1 << 28

  private let agent: any Agent

  public init(_ agent: any Agent) { self.agent = agent }

  /// Answers one request after the other.
  ///
  /// - Throws: ``AgentFailure`` when the streams break, not when a request fails.
  public func serve(input: Int32, output: Int32) async throws(AgentFailure) {
    var lines = LineReader(descriptor: input, longest: Self.longestLine)
    var listener: Listener?
    while let line = try lines.next() {
      if line.isEmpty { continue }
      var reply = await answer(line, &listener)
      reply.append(UInt8(ascii: "\n"))
      try write(reply, to: output)
      if let listener, !lines.hasWaiting { listener.serve(until: input) }
    }
  }

  private func answer(_ line: [UInt8], _ listener: inout Listener?) async -> [UInt8] {
    var id = 0
    do {
      let (number, request) = try AgentRequest.parse(line)
      id = number
      switch request {
      case .hello: return try AgentReply(id: id, reply: try await agent.hello()).line()
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
      case .track(let generation):
        let made = try await agent.track(at: generation)
        return try AgentReply(id: id, reply: TrackReply(generation: made)).line()
      case .listing:
        return try AgentReply(id: id, reply: ListingReply(text: try await agent.listing())).line()
      }
    } catch {
      let failure = error as? AgentFailure ?? AgentFailure(.failed, "\(error)")
      let reply = AgentReply<ListingReply>(
        id: failure.request ?? id, failure: .init(code: failure.code.rawValue, message: failure.message))
      // A code and a message are always JSON.
      return (try? reply.line()) ?? Array("{}".utf8)
    }
  }

  private func write(_ bytes: [UInt8], to descriptor: Int32) throws(AgentFailure) {
    var offset = 0
    while offset < bytes.count {
      let count = unsafe bytes.withUnsafeBytes {
        unsafe Glibc.write(descriptor, $0.baseAddress?.advanced(by: offset), bytes.count - offset)
      }
      if count < 0 {
        if errno == EINTR { continue }
        throw AgentFailure(.unreachable, "cannot answer: \(errorText(errno))")
      }
      offset += count
    }
  }
}

/// Lines of a stream, read in large pieces.
struct LineReader {
  private let descriptor: Int32
  private let longest: Int
  private var waiting: [UInt8] = []
  private var searched = 0

  init(descriptor: Int32, longest: Int) {
    self.descriptor = descriptor
    self.longest = longest
  }

  /// Whether more has been read than was asked for.
  var hasWaiting: Bool { !waiting.isEmpty }

  /// The next line without its line break; `nil` at the end of the stream.
  mutating func next() throws(AgentFailure) -> [UInt8]? {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      if let end = waiting[searched...].firstIndex(of: UInt8(ascii: "\n")) {
        let line = Array(waiting[..<end])
        waiting.removeSubrange(...end)
        searched = 0
        return line
      }
      searched = waiting.count
      guard waiting.count <= longest else { throw AgentFailure(.badRequest, "a request is too long") }
      let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR { continue }
        throw AgentFailure(.unreachable, "cannot read requests: \(errorText(errno))")
      }
      if count == 0 {
        // A request that breaks off in the middle is not carried out.
        return nil
      }
      waiting += buffer[..<count]
    }
  }
}
