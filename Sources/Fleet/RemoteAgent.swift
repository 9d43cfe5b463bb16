internal import AgentProtocol
internal import Machine
internal import Subprocess

/// An agent at the other end of a child process. It is asked one thing at a time.
actor RemoteAgent: Agent {
  private let writer: StandardInputWriter
  private let lines: ChildLines
  private let watch: ChildWatch
  private let patience: Patience
  private var lastID = 0
  /// What the agent can do; `nil` until it has said so.
  private var known: Set<String>?

  init(_ writer: StandardInputWriter, _ lines: ChildLines, _ watch: ChildWatch, _ patience: Patience) {
    self.writer = writer
    self.lines = lines
    self.watch = watch
    self.patience = patience
  }

  /// Learns who is there, and refuses who cannot do what is needed.
  func greet(
    _ needs: [any AgentRequest.Type], version: String
  ) async throws -> Greeting {
    let greeting = try await ask(Hello())
    try greeting.require(needs, version: version)
    known = greeting.requests
    return greeting
  }

  func ask<Request: AgentRequest>(
    _ request: Request, within limit: Duration?,
    follow: @escaping @Sendable (Request.Event) throws -> Void
  ) async throws -> Request.Reply {
    if let known, !known.contains(Request.name) {
      throw AgentFailure(
        .otherVersion, "the agent cannot do \(Request.name)", remedy: "upgrade sekisho on the host")
    }
    let limit = limit ?? patience.answer
    lastID += 1
    let id = lastID
    try await send(try Frames.request(request, id: id), Request.self, limit)
    var answer = AnswerReader<Request>(id: id)
    while true {
      let line: LineSplitter.Line?
      do {
        line = try await watch.within(limit) { try await next(answer.longestLine) }
      } catch let failure as AgentFailure {
        throw failure
      } catch {
        throw broken(Request.self, limit)
      }
      switch line {
      case nil: throw broken(Request.self, limit)
      case .tooLong:
        throw AgentFailure(
          .unreachable, "the other end sent a line of more than \(answer.longestLine) bytes",
          happened: Self.happened(Request.self))
      case .whole(let bytes):
        switch try answer.take(bytes) {
        case .more: break
        case .reply(let reply): return reply
        case .event(let event):
          try follow(event)
          try await send([Frames.go(id)], Request.self, limit)
        }
      }
    }
  }

  private func next(_ longest: Int) async throws -> LineSplitter.Line? {
    try await lines.next(atMost: longest)
  }

  private func send<Request: AgentRequest>(
    _ lines: [[UInt8]], _ type: Request.Type, _ limit: Duration
  ) async throws {
    do {
      try await watch.within(limit) {
        for line in lines { _ = try await writer.write(line + [UInt8(ascii: "\n")]) }
      }
    } catch {
      throw broken(type, limit)
    }
  }

  /// The stream has ended: by the agent, or because we would not wait any longer.
  private func broken<Request: AgentRequest>(_ type: Request.Type, _ limit: Duration) -> AgentFailure {
    let happened = Self.happened(type)
    return watch.isExpired
      ? AgentFailure(
        .timedOut, "no answer to \(Request.name) within \(limit.words)", remedy: "--timeout waits longer",
        happened: happened)
      : AgentFailure(.unreachable, "the agent broke off", happened: happened)
  }

  private static func happened<Request: AgentRequest>(_ type: Request.Type) -> AgentFailure.Happened {
    Request.isChange ? .unknown : .nothing
  }
}

extension Duration {
  /// `30 s`, `0.5 s`.
  var words: String {
    let (seconds, attoseconds) = components
    let tenths = attoseconds / 100_000_000_000_000_000
    return tenths == 0 ? "\(seconds) s" : "\(seconds).\(tenths) s"
  }
}
