internal import Addressing
internal import Glibc
internal import Probing

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
    var lines = LineReader(descriptor: input, longest: longest)
    var listener: Listener?
    while let line = try lines.next() {
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

  enum Line {
    case whole([UInt8])
    /// Read to its end, so that whoever sends it comes to read the answer, and forgotten.
    case tooLong
  }

  /// The next line without its line break; `nil` at the end of the stream.
  mutating func next() throws(AgentFailure) -> Line? {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    var isTooLong = false
    while true {
      if let end = waiting[searched...].firstIndex(of: UInt8(ascii: "\n")) {
        let line: Line = isTooLong || end > longest ? .tooLong : .whole(Array(waiting[..<end]))
        waiting.removeSubrange(...end)
        searched = 0
        return line
      }
      if waiting.count > longest { isTooLong = true }
      if isTooLong { waiting = [] }
      searched = waiting.count
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
