internal import Addressing
package import Nftables

extension Table {
  /// The sessions of this host that the table would let begin at a moment.
  ///
  /// Who began one is told by who listens: the end whose port has a listener did not. Where nobody listens any more it is
  /// the direction that the table allows, from here first. What a host says to itself is left out, since it always passes.
  ///
  /// - Parameter time: nanoseconds since 1970.
  package func sessionsItAllows(of sockets: [TCPSocket], at time: UInt64) -> [Session] {
    let own = Set(sockets.map(\.local.address))
    let listeners = Dictionary(grouping: sockets.filter { $0.state == .listening }.map(\.local), by: \.port)
    let evaluator = Evaluator(self)
    func allows(_ session: Session, at hook: Hook) -> Bool {
      var packet = Packet(
        from: session.client.address, to: session.server.address, .tcp,
        transport: Packet.transportHeader(
          .tcp, source: session.client.port, destination: session.server.port),
        inputInterface: hook == .input ? otherThanLoopback : nil,
        outputInterface: hook == .output ? otherThanLoopback : nil)
      packet.time = time
      packet.localAddresses = Array(own)
      let judged = evaluator.evaluate(packet, at: hook)
      return judged.isCertain && judged.verdict == .accept
    }
    var result: [Session] = []
    for socket in sockets where socket.state == .open && !own.contains(socket.remote.address) {
      let inward = Session(client: socket.remote, server: socket.local)
      let outward = Session(client: socket.local, server: socket.remote)
      let isServer = listeners[socket.local.port]?.contains { $0.hears(socket.local) } ?? false
      if isServer {
        if allows(inward, at: .input) { result.append(inward) }
      } else if allows(outward, at: .output) {
        result.append(outward)
      } else if allows(inward, at: .input) {
        result.append(inward)
      }
    }
    return result
  }
}

/// Any index but that of `lo`.
private let otherThanLoopback: UInt32 = 2

extension SessionEnd {
  /// Whether a listener here hears what is sent to another end: at its address, or at every one.
  fileprivate func hears(_ other: SessionEnd) -> Bool {
    // `::` hears IPv4, too.
    address == other.address || address.bits == 0
  }
}
