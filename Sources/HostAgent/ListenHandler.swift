internal import AgentProtocol
internal import Attempts
internal import Probing

extension AgentServer {
  mutating func answerListen(_ ears: Ears) {
    handle(Listen.self) { (request, _) throws(AgentFailure) in
      let listener = Listener(request.request)
      ears.listener = listener
      return Listening(unheard: listener.unheard)
    }
  }
}

/// What listens between one request and the next.
final class Ears {
  var listener: Listener?

  /// Listens until a descriptor can be read or the time is over.
  func listen(until descriptor: Int32, by deadline: ContinuousClock.Instant) {
    listener?.serve(until: descriptor, within: deadline - .now)
  }
}
