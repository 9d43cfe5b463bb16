internal import Addressing
package import Attempts
package import Policy

/// What packets say of a connection.
package enum TrialOutcome: Hashable, Sendable {
  case open
  case closed
  /// It was not sent, or nobody was there to see it: that is no denial.
  case untried(String)

  /// - Parameters:
  ///   - connection: that was tried.
  ///   - outcome: what its sender saw.
  ///   - arrivals: what came to the other end.
  ///   - place: the other end, for people.
  ///   - unheard: what the other end could not wait for.
  package init(
    _ connection: Connection, _ outcome: AttemptOutcome, _ arrivals: [Arrival], at place: String,
    _ unheard: [Unheard]
  ) {
    let hasArrived = arrivals.contains {
      $0.ipProtocol == connection.ipProtocol && $0.peer == connection.source
    }
    switch outcome {
    case .open: self = .open
    // Protocols that nobody answers are known to have arrived only where they arrive.
    case .silent where !connection.isAnswered && hasArrived: self = .open
    case .silent, .rejected, .egressDenied:
      let deaf = unheard.first { $0.isAbout(connection) }
      self = deaf.map { .untried("nobody listens at \(place): \($0)") } ?? .closed
    case .refused, .unreachable, .unsupported, .failed: self = .untried("\(outcome)")
    }
  }
}

extension Connection {
  /// Whether the sender learns of the answer.
  fileprivate var isAnswered: Bool { [.tcp, .udp, .icmp, .icmpv6].contains(ipProtocol) }
}

extension Unheard {
  fileprivate func isAbout(_ connection: Connection) -> Bool {
    guard ipProtocol == connection.ipProtocol, family == connection.family else { return false }
    if case .ports(_, let asked) = connection.kind, let port { return asked == port }
    return true
  }
}
