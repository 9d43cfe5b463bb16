internal import Addressing

/// A TCP socket of this host, as `/proc/net/tcp` lists it (proc_pid_net(5)).
package struct TCPSocket: Hashable, Sendable {
  /// What of its state matters here.
  package enum State: Hashable, Sendable {
    case listening
    /// Data may still go in one direction or in both.
    case open
    /// Both ends have closed it; the one that did so first lists it for a minute.
    case over
  }

  package let local: SessionEnd
  package let remote: SessionEnd
  package let state: State
  /// By which the descriptors of processes name it; 0: no process has it open.
  package let inode: UInt64

  package init(local: SessionEnd, remote: SessionEnd, state: State, inode: UInt64 = 0) {
    self.inode = inode
    self.local = local
    self.remote = remote
    self.state = state
  }

  /// The sockets of a listing; lines that are none, and sockets in other states, are left out.
  package static func sockets(listing: [UInt8]) -> [TCPSocket] {
    SocketLine.lines(of: listing).compactMap { line in
      states[line.state].map {
        TCPSocket(local: line.local, remote: line.remote, state: $0, inode: line.inode)
      }
    }
  }

  /// `TCP_ESTABLISHED`, `TCP_FIN_WAIT1`, `TCP_FIN_WAIT2`, `TCP_TIME_WAIT`, `TCP_CLOSE_WAIT`, `TCP_LISTEN` (net/tcp_states.h).
  private static let states: [UInt32: State] = [
    1: .open, 4: .open, 5: .open, 6: .over, 8: .open, 10: .listening,
  ]
}
