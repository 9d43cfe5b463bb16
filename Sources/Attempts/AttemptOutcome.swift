package import Addressing

/// What became of an attempt, as far as the sender can see.
///
/// A silence is not yet a denial: UDP and the protocols without answers need a witness at
/// the destination, because kernels limit the rate of their refusals.
package enum AttemptOutcome: Hashable, Sendable {
  /// Connected, or answered.
  case open
  /// Reached a host on which nothing listens: a TCP reset, or from the destination itself ICMP "port
  /// unreachable" for UDP, "protocol unreachable" or (IPv6) "unrecognized next header" for others. A firewall's
  /// `reject with tcp reset` looks the same, and so does its plain `reject` of UDP.
  case refused(by: Address?)
  /// A firewall said so: ICMP "administratively prohibited" or "failed policy", or any other unreachable port
  /// or protocol; the offender may be our own host.
  case rejected(by: Address)
  /// A router, or our own host, found no way: no neighbour, no route.
  case unreachable(by: Address?)
  /// Sent, and no answer in time.
  case silent
  /// Our own kernel refused to send it: EPERM, the `output` hook dropped it. (TCP hides that: silent.)
  case egressDenied
  /// This cannot be tried here: no such protocol in the kernel, or no right to raw sockets.
  case unsupported(String)
  /// Something else went wrong, in the words of the system.
  case failed(String)
}

extension AttemptOutcome: CustomStringConvertible {
  package var description: String {
    switch self {
    case .open: "open"
    case .refused(let offender): "refused" + by(offender)
    case .rejected(let offender): "rejected" + by(offender)
    case .unreachable(let offender): "unreachable" + by(offender)
    case .silent: "silent"
    case .egressDenied: "egress denied"
    case .unsupported(let reason): "unsupported: \(reason)"
    case .failed(let reason): "failed: \(reason)"
    }
  }

  private func by(_ offender: Address?) -> String { offender.map { " by \($0)" } ?? "" }
}

extension AttemptOutcome: Codable {
  private enum Key: CodingKey {
    case outcome
    case by
    case reason
  }

  private enum Word: String, Codable {
    case open
    case refused
    case rejected
    case unreachable
    case silent
    case egressDenied = "egress-denied"
    case unsupported
    case failed
  }

  package init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Key.self)
    let offender = try fields.decodeIfPresent(Address.self, forKey: .by)
    let reason = { try fields.decode(String.self, forKey: .reason) }
    switch try fields.decode(Word.self, forKey: .outcome) {
    case .open: self = .open
    case .refused: self = .refused(by: offender)
    case .rejected: self = .rejected(by: try fields.decode(Address.self, forKey: .by))
    case .unreachable: self = .unreachable(by: offender)
    case .silent: self = .silent
    case .egressDenied: self = .egressDenied
    case .unsupported: self = .unsupported(try reason())
    case .failed: self = .failed(try reason())
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Key.self)
    func put(_ word: Word, by offender: Address? = nil, _ reason: String? = nil) throws {
      try fields.encode(word, forKey: .outcome)
      try fields.encodeIfPresent(offender, forKey: .by)
      try fields.encodeIfPresent(reason, forKey: .reason)
    }
    switch self {
    case .open: try put(.open)
    case .refused(let offender): try put(.refused, by: offender)
    case .rejected(let offender): try put(.rejected, by: offender)
    case .unreachable(let offender): try put(.unreachable, by: offender)
    case .silent: try put(.silent)
    case .egressDenied: try put(.egressDenied)
    case .unsupported(let reason): try put(.unsupported, reason)
    case .failed(let reason): try put(.failed, reason)
    }
  }
}
