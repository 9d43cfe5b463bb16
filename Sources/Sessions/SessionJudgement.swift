package import Addressing
package import Nftables

extension Table {
  /// The sessions of this host that the table would let begin at a moment.
  ///
  /// Who began one is told by who listens: the end whose port has a listener did not. Where nobody listens any more it is
  /// the direction that the table allows, from here first. What a host says to itself is left out, since it always passes.
  ///
  /// - Parameters:
  ///   - exits: as for ``SessionJudge``.
  ///   - time: nanoseconds since 1970.
  package func sessionsItAllows(
    of sockets: [TCPSocket], exits: [(link: String, destinations: AddressSet)] = [], at time: UInt64
  ) -> [Session] {
    // Of a session that is over the address may have moved to another host since.
    let own = Set(sockets.filter { $0.state != .over }.map(\.local.address))
    let judge = SessionJudge(
      self, HostAddresses(own: own), listeners: sockets.filter { $0.state == .listening }.map(\.local),
      exits: exits,
      at: time)
    var result: [Session] = []
    for socket in sockets where socket.state == .open && !own.contains(socket.remote.address) {
      let inward = Session(client: socket.remote, server: socket.local)
      let outward = Session(client: socket.local, server: socket.remote)
      if judge.isHeard(socket.local) {
        if judge.allows(inward, at: .input) { result.append(inward) }
      } else if judge.allows(outward, at: .output) {
        result.append(outward)
      } else if judge.allows(inward, at: .input) {
        result.append(inward)
      }
    }
    return result
  }
}
