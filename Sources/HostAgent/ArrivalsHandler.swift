internal import AgentProtocol
internal import Attempts
internal import Probing

extension AgentServer {
  mutating func answerArrivals(_ ears: Ears) {
    handle(Arrivals.self) { (_, _) throws(AgentFailure) in
      defer { ears.listener = nil }
      return Arrived(arrivals: ears.listener?.arrivals ?? [])
    }
  }
}
