package import Addressing
package import Nftables

/// Who speaks with a host or through it at a moment, and who began, whatever rules there are.
///
/// Connection tracking knows who began. Where nothing makes the kernel track, sockets tell whom the host itself speaks with,
/// and the one whose port has a listener did not begin.
package struct RunningPeers: Sendable {
  /// What one end asks for at another as the chain of a hook sees it: the source ahead of translation, and the destination
  /// behind it.
  package struct Asked: Hashable, Sendable {
    package let hook: Hook
    package let source: Address
    package let destination: Address
    package let ipProtocol: IPProtocol
    /// `nil`: the protocol has none.
    package let port: UInt16?
    /// Of ICMP.
    package let type: UInt8?
  }

  /// A port at which the host waits for others.
  package struct Waiting: Hashable, Comparable, Sendable {
    package let ipProtocol: IPProtocol
    package let port: UInt16

    package static func < (one: Self, other: Self) -> Bool {
      (one.ipProtocol.rawValue, one.port) < (other.ipProtocol.rawValue, other.port)
    }
  }

  /// How many sessions there are of each.
  package private(set) var sessions: [Asked: Int] = [:]
  /// Sessions of the host with itself.
  package private(set) var own = 0
  /// Sessions over addresses of a link, of which no inventory has a name.
  package private(set) var linkLocal = 0
  /// Packets to a group of hosts, or to all of a link.
  package private(set) var groups = 0
  /// Attempts that nobody has answered.
  package private(set) var unanswered = 0
  /// Sessions of which no end tells who began.
  package private(set) var uncertain = 0
  /// Ports at which nobody is seen, in order.
  package private(set) var waiting: [Waiting] = []

  private let addresses: HostAddresses
  private let listeners: [Waiting: [SessionEnd]]

  /// - Parameters:
  ///   - tracked: entries of connection tracking.
  ///   - streams: sockets of the host.
  ///   - datagrams: the same of UDP.
  package init(
    tracked: [TrackedSession], streams: [TCPSocket], datagrams: [UDPSocket], at addresses: HostAddresses
  ) {
    self.addresses = addresses
    let listening =
      streams.filter { $0.state == .listening }.map { (IPProtocol.tcp, $0.local) }
      + datagrams.filter { $0.remote == nil }.map { (IPProtocol.udp, $0.local) }
    listeners = Dictionary(
      grouping: listening, by: { Waiting(ipProtocol: $0.0, port: $0.1.port) }
    ).mapValues { $0.map(\.1) }
    let connected =
      streams.filter { $0.state != .listening }.map { Ends(.tcp, $0.local, $0.remote) }
      + datagrams.compactMap { socket in socket.remote.map { Ends(.udp, socket.local, $0) } }
    let known = add(tracked, Set(connected))
    for ends in connected where !known.contains(ends) {
      // One with the host itself has two, and is counted by its server's.
      if isOwn(ends.remote.address), !isHeard(ends.local, ends.ipProtocol) { continue }
      add(ends.ipProtocol, began(ends.local, ends.remote, ends.ipProtocol), or: ends)
    }
    let used = Set(
      sessions.keys.filter { $0.hook == .input }.compactMap { asked in
        asked.port.map { Waiting(ipProtocol: asked.ipProtocol, port: $0) }
      })
    waiting = listeners.filter { port, ends in
      !used.contains(port) && !ends.allSatisfy { isLoopback($0.address) || isOfLink($0.address) }
    }.keys.sorted()
  }

  /// Both ends of a socket.
  private struct Ends: Hashable {
    let ipProtocol: IPProtocol
    let local: SessionEnd
    let remote: SessionEnd

    init(_ ipProtocol: IPProtocol, _ local: SessionEnd, _ remote: SessionEnd) {
      self.ipProtocol = ipProtocol
      self.local = local
      self.remote = remote
    }
  }

  /// - Returns: the sockets that need not be looked at any more.
  private mutating func add(_ tracked: [TrackedSession], _ connected: Set<Ends>) -> Set<Ends> {
    var known: Set<Ends> = []
    for session in tracked {
      let (original, reply) = (session.original, session.reply)
      let ipProtocol = original.ipProtocol
      let client = SessionEnd(original.source, original.sourcePort)
      let server = SessionEnd(reply.source, reply.sourcePort)
      let ends = [
        Ends(ipProtocol, client, SessionEnd(original.destination, original.destinationPort)),
        Ends(ipProtocol, server, client),
      ]
      let isAnswered =
        session.status & (ipProtocol == .tcp ? Self.assured : Self.seenReply) != 0
        // Of what asks for no answer, as a log does, the one who listens says that it is wanted.
        // Not where programs ask from: a datagram that nobody has asked for may have come there.
        || ipProtocol == .udp && isOwn(server.address) && isHeard(server, .udp)
          && !clientPorts.contains(server.port)
      // What was come upon half-way may not have been answered since.
      if !isAnswered, ends.contains(where: connected.contains) { continue }
      known.formUnion(ends)
      let isClear = !session.isPickedUp || !ipProtocol.hasPorts
      let roles = isClear ? (client: client, server: server) : began(client, server, ipProtocol)
      add(ipProtocol, roles, or: ends[1], type: original.messageType, isAnswered: isAnswered)
    }
    return known
  }

  /// - Parameters:
  ///   - roles: `nil`: it is not known who began.
  ///   - ends: the ends in any order.
  private mutating func add(
    _ ipProtocol: IPProtocol, _ roles: (client: SessionEnd, server: SessionEnd)?, or ends: Ends,
    type: UInt8 = 0, isAnswered: Bool = true
  ) {
    let (source, destination) =
      roles.map { ($0.client.address, $0.server.address) } ?? (ends.remote.address, ends.local.address)
    if isOfLink(source) || isOfLink(destination) {
      linkLocal += 1
    } else if addresses.isForMany(destination) {
      groups += 1
    } else if isOwn(source), isOwn(destination) {
      own += 1
    } else if !isAnswered {
      unanswered += 1
    } else if let roles, let hook = addresses.hook(from: source, to: destination) {
      let isMessage = ipProtocol == .icmp || ipProtocol == .icmpv6
      let asked = Asked(
        hook: hook, source: source, destination: destination, ipProtocol: ipProtocol,
        port: ipProtocol.hasPorts ? roles.server.port : nil, type: isMessage ? type : nil)
      sessions[asked, default: 0] += 1
    } else {
      uncertain += 1
    }
  }

  /// Who of two ends began; `nil`: that is not known.
  private func began(
    _ one: SessionEnd, _ other: SessionEnd, _ ipProtocol: IPProtocol
  ) -> (client: SessionEnd, server: SessionEnd)? {
    if isOwn(other.address), isHeard(other, ipProtocol) { return (one, other) }
    if isOwn(one.address), isHeard(one, ipProtocol) { return (other, one) }
    let ports = (one: clientPorts.contains(one.port), other: clientPorts.contains(other.port))
    // Where nobody listens the host has asked, unless it has the port of a server that has gone.
    if isOwn(one.address) { return ports.one || !ports.other ? (one, other) : nil }
    if isOwn(other.address) { return ports.other || !ports.one ? (other, one) : nil }
    return ports.one == ports.other ? nil : ports.one ? (one, other) : (other, one)
  }

  private func isHeard(_ end: SessionEnd, _ ipProtocol: IPProtocol) -> Bool {
    listeners[Waiting(ipProtocol: ipProtocol, port: end.port)]?.contains { $0.hears(end) } ?? false
  }

  private func isOwn(_ address: Address) -> Bool { addresses.own.contains(address) || isLoopback(address) }

  private func isLoopback(_ address: Address) -> Bool {
    Prefix.ipv4Loopback.contains(address) || Prefix.ipv6Loopback.contains(address)
  }

  private func isOfLink(_ address: Address) -> Bool {
    Prefix.ipv4LinkLocal.contains(address) || Prefix.ipv6LinkLocal.contains(address)
  }

  /// `IPS_SEEN_REPLY` and `IPS_ASSURED` (linux/netfilter/nf_conntrack_common.h). A reset is a reply, too: only a connection of TCP that
  /// came about is assured.
  private static let seenReply: UInt32 = 2
  private static let assured: UInt32 = 4
}
