package import Addressing
package import Attempts

/// What arrived from one peer for one port, type or protocol: past the `input` hook of the receiver.
package struct Arrival: Hashable, Sendable {
  package let ipProtocol: IPProtocol
  package let aim: Attempt.Aim
  package let peer: Address
  /// Connections of TCP, packets of all others.
  package let count: Int

  package init(_ ipProtocol: IPProtocol, _ aim: Attempt.Aim, from peer: Address, count: Int) {
    self.ipProtocol = ipProtocol
    self.aim = aim
    self.peer = peer
    self.count = count
  }
}

extension Arrival: CustomStringConvertible {
  /// `udp 53 10.20.1.11 3`: protocol, port or type or `-`, peer, count.
  package var description: String { "\(ipProtocol) \(aim) \(peer) \(count)" }
}
