import Addressing
import Nftables
import PolicyFixtures

extension RandomPolicy {
  /// Packets between addresses that matter, of every state.
  func packets(_ seed: Int) -> [Packet] {
    var generator = SeededGenerator(seed: UInt64(seed) &+ 31)
    return (0..<60).compactMap { _ in
      guard let source = addresses.randomElement(using: &generator),
        let destination = addresses.filter({ $0.family == source.family }).randomElement(
          using: &generator),
        let ipProtocol = [IPProtocol.tcp, .udp, .sctp].randomElement(using: &generator),
        let port = RandomPolicy.ports.randomElement(using: &generator)
      else { return nil }
      var packet = Packet(
        from: source, to: destination, ipProtocol,
        transport: Packet.transportHeader(ipProtocol, source: 40_000, destination: port), inputInterface: 2,
        outputInterface: 2)
      packet.mark = UInt32.random(in: 0...UInt32.max, using: &generator)
      packet.time = UInt64.random(in: 0...4, using: &generator) * 1_000_000_000_000
      if generator.oneIn(5) { packet.state = generator.oneIn(2) ? .established : .invalid }
      return packet
    }
  }
}
