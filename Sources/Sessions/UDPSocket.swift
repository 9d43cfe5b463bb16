/// A UDP socket of this host, as `/proc/net/udp` lists it (proc_pid_net(5)).
package struct UDPSocket: Hashable, Sendable {
  package let local: SessionEnd
  /// `nil`: it is not connected, so that anybody may speak with it.
  package let remote: SessionEnd?

  package init(local: SessionEnd, remote: SessionEnd?) {
    self.local = local
    self.remote = remote
  }

  /// The sockets of a listing; lines that are none are left out.
  package static func sockets(listing: [UInt8]) -> [UDPSocket] {
    SocketLine.lines(of: listing).map { line in
      // A connected one is as `TCP_ESTABLISHED` (`__ip4_datagram_connect`, net/ipv4/datagram.c).
      UDPSocket(local: line.local, remote: line.state == 1 ? line.remote : nil)
    }
  }
}
