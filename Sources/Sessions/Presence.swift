package import Addressing

/// A session by which somebody is on this host, or was.
package struct Presence: Hashable, Sendable {
  /// Its server is at this end.
  package let session: Session
  package let isOver: Bool

  package init(_ session: Session, isOver: Bool) {
    self.session = session
    self.isOver = isOver
  }

  /// The sessions by which whoever uses a process may be here; none, as at a console.
  ///
  /// That is what the nearest of the processes has open that has a session which others began: where a listener hears. One that
  /// serves many does not tell whose is whose, so that there can be several. What the environment says is as old as the
  /// process that handed it on: a multiplexer, or a service that somebody has started, keeps that of a session that is over. It
  /// counts where it is there, and for want of anything else.
  ///
  /// - Parameters:
  ///   - said: by the environment.
  ///   - holders: numbers of the sockets that processes have open, those of the nearest first.
  ///   - sockets: of this host; `nil`: they cannot be read.
  ///   - own: the addresses of this host, whose sessions with itself are nobody's way.
  package static func found(
    said: Session?, holders: [Set<UInt64>], among sockets: [TCPSocket]?, own: Set<Address>
  ) -> [Presence] {
    // From a namespace of a lab it ends elsewhere.
    let said = said.flatMap {
      own.contains($0.server.address) && !own.contains($0.client.address) ? $0 : nil
    }
    guard let sockets else { return said.map { [Presence($0, isOver: false)] } ?? [] }
    let held = holders.reduce(into: Set<UInt64>()) { $0.formUnion($1) }
    let listeners = Dictionary(
      grouping: sockets.filter { $0.state == .listening }.map(\.local), by: \.port)
    let coming = sockets.filter { socket in
      socket.state == .open && socket.inode != 0 && held.contains(socket.inode)
        && !own.contains(socket.remote.address)
        && listeners[socket.local.port]?.contains { $0.hears(socket.local) } ?? false
    }
    let nearest =
      holders.lazy.map { holder in coming.filter { holder.contains($0.inode) } }
      .first { !$0.isEmpty } ?? []
    let sessions = nearest.map { Session(client: $0.remote, server: $0.local) }
    var result = sessions.map { Presence($0, isOver: false) }
    guard let said else { return result }
    // What else is there came through it, as what ssh forwards (`ssh -R`).
    if sessions.contains(said) { return [Presence(said, isOver: false)] }
    let isThere = sockets.contains {
      $0.state == .open && $0.local == said.server && $0.remote == said.client
    }
    if isThere || sessions.isEmpty { result.append(Presence(said, isOver: !isThere)) }
    return result
  }
}
