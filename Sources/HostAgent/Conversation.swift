package import AgentProtocol

/// What a handler has of whoever asks.
package struct Conversation<Request: AgentRequest> {
  /// Names of all requests that are answered here.
  let known: Set<String>
  private let say: (Request.Event) throws(AgentFailure) -> Void

  init(known: Set<String>, tell say: @escaping (Request.Event) throws(AgentFailure) -> Void) {
    self.known = known
    self.say = say
  }

  /// Tells an event and waits until it has been acknowledged.
  ///
  /// - Throws: ``AgentProtocol/AgentFailure`` when that does not come in time: the handler has to leave
  ///   nothing behind.
  package func tell(_ event: Request.Event) throws(AgentFailure) { try say(event) }
}

/// A handler whose request is known by name alone.
protocol AnyHandler {
  /// The lines of the answer.
  func answer(
    _ arrived: RequestReader.Arrived, known: Set<String>, _ wire: AgentWire
  ) throws(AgentFailure) -> [[UInt8]]
}

struct Handler<Request: AgentRequest>: AnyHandler {
  let body: (Request, Conversation<Request>) throws(AgentFailure) -> Request.Reply

  func answer(
    _ arrived: RequestReader.Arrived, known: Set<String>, _ wire: AgentWire
  ) throws(AgentFailure) -> [[UInt8]] {
    let request = try arrived.read(as: Request.self)
    let conversation = Conversation<Request>(known: known) { (event) throws(AgentFailure) in
      try wire.tell(try Frames.event(event, of: arrived.id), of: arrived.id)
    }
    return try Frames.reply(try body(request, conversation), to: arrived.id)
  }
}
