public import Addressing

/// What became of an attempt, as far as the sender can see.
///
/// A silence is not yet a denial: UDP and the protocols without answers need the witness of a ``Listener`` at
/// the destination, because kernels limit the rate of their refusals.
public enum Outcome: Hashable, Sendable {
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

extension Outcome: CustomStringConvertible {
  public var description: String {
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
