internal import Addressing
internal import Attempts

@testable internal import Probing

/// Counts what arrives, in bounded memory.
struct ArrivalCount {
  private struct Key: Hashable {
    let ipProtocol: IPProtocol
    let aim: Attempt.Aim
    let peer: Address
  }

  /// A sender of forged sources must not fill our memory.
  private static let limit = 65_536

  private var counts: [Key: Int] = [:]
  /// Arrivals that found the table full.
  private(set) var uncounted = 0

  mutating func saw(_ ipProtocol: IPProtocol, _ aim: Attempt.Aim, from peer: Address) {
    let key = Key(ipProtocol: ipProtocol, aim: aim, peer: peer)
    if counts[key] == nil, counts.count >= Self.limit {
      uncounted += 1
      return
    }
    counts[key, default: 0] += 1
  }

  /// By protocol, port or type, peer.
  var arrivals: [Arrival] {
    counts.map { Arrival($0.key.ipProtocol, $0.key.aim, from: $0.key.peer, count: $0.value) }
      .sorted { a, b in
        (a.ipProtocol, a.aim.order, a.peer) < (b.ipProtocol, b.aim.order, b.peer)
      }
  }
}
