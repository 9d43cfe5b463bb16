internal import Addressing
internal import Attempts
internal import Glibc
internal import Machine
internal import SystemPackage

@testable internal import Probing

/// Waits for packets and connections, answers them, and is the witness of what arrived; on one thread.
package final class Listener {
  /// What cannot be waited for here.
  package private(set) var unheard: [Unheard] = []

  /// Something that is not waited for; often somebody else listens there already.
  package struct Unheard: CustomStringConvertible {
    let ipProtocol: IPProtocol
    let family: AddressFamily
    /// `nil`: the protocol as a whole.
    let port: UInt16?
    let reason: String

    package var description: String {
      "\(ipProtocol)\(port.map { " \($0)" } ?? "") (\(family == .ipv4 ? "IPv4" : "IPv6")): \(reason)"
    }
  }

  private var ears: [Ear] = []
  private var connections: [EchoedConnection] = []
  private var witness = ArrivalCount()
  private var buffer = [UInt8](repeating: 0, count: 1 << 16)

  /// Older connections make room for newer ones.
  private static let connectionLimit = 1024

  private enum Ear {
    case tcp(Socket, UInt16)
    case udp(Socket, UInt16)
    case raw(Socket, IPProtocol)

    var socket: Socket {
      switch self {
      case .tcp(let socket, _), .udp(let socket, _), .raw(let socket, _): socket
      }
    }
  }

  /// Binds everything that can be bound; from now on connections and packets wait for ``serve(until:within:)``.
  package init(_ request: ListenRequest) {
    for family in AddressFamily.allCases {
      let groups = request.multicast.filter { $0.family == family }
      let interface = groups.isEmpty ? 0 : Interfaces.index(named: request.interface)
      for port in request.tcp {
        hear(.tcp, family, port) { () throws(Errno) in
          let socket = try Self.bound(family, SOCK_STREAM, port)
          if Glibc.listen(socket.descriptor, 1024) != 0 { throw .last }
          return .tcp(socket, port)
        }
      }
      for port in request.udp {
        hear(.udp, family, port) { () throws(Errno) in
          let socket = try Self.bound(family, SOCK_DGRAM, port)
          // Answers leave from the address that was asked.
          switch family {
          case .ipv4: try socket.set(SocketLevel.ipv4, IP_PKTINFO)
          case .ipv6: try socket.set(SocketLevel.ipv6, IPV6_RECVPKTINFO)
          }
          for group in groups { try socket.join(group, through: interface) }
          return .udp(socket, port)
        }
      }
      for ipProtocol in request.raw where ipProtocol != (family == .ipv4 ? .icmpv6 : .icmp) {
        hear(ipProtocol, family, nil) { () throws(Errno) in
          let socket = try Socket(family, SOCK_RAW, Int32(ipProtocol.rawValue))
          try? socket.set(SOL_SOCKET, SO_RCVBUF, to: 1 << 20)
          for group in groups { try socket.join(group, through: interface) }
          return .raw(socket, ipProtocol)
        }
      }
    }
  }

  /// What has arrived so far, by protocol, port or type, and peer.
  package var arrivals: [Arrival] { witness.arrivals }

  /// How many arrivals were not counted because too many different ones had come before.
  package var uncounted: Int { witness.uncounted }

  /// Answers and counts until something can be read from a descriptor, or its other side is closed; or until
  /// the time is over. What has arrived by then is counted.
  ///
  /// - Returns: whether the descriptor ended it.
  @discardableResult
  package func serve(until stop: Int32, within limit: Duration? = nil) -> Bool {
    let deadline = limit.map { ContinuousClock.now + $0 }
    while true {
      var descriptors = [pollfd(fd: stop, events: Int16(POLLIN), revents: 0)]
      descriptors += ears.map { pollfd(fd: $0.socket.descriptor, events: Int16(POLLIN), revents: 0) }
      descriptors += connections.map { pollfd(fd: $0.socket.descriptor, events: $0.events, revents: 0) }
      let left = deadline.map { max(0, ($0 - .now) / .milliseconds(1)) }
      let wait = left.map { Int32(min($0.rounded(.up), 60_000)) } ?? -1
      _ = unsafe poll(&descriptors, nfds_t(descriptors.count), wait)

      let isReady = descriptors.dropFirst().map { $0.revents != 0 }
      let known = connections
      for (ear, isReady) in zip(ears, isReady) where isReady { take(from: ear) }
      for (connection, isReady) in zip(known, isReady.dropFirst(ears.count)) where isReady {
        if !connection.proceed(&buffer) { connections.removeAll { $0 === connection } }
      }
      if descriptors[0].revents != 0 { return true }
      if left == 0 { return false }
    }
  }

  private func hear(
    _ ipProtocol: IPProtocol, _ family: AddressFamily, _ port: UInt16?,
    _ make: () throws(Errno) -> Ear
  ) {
    do throws(Errno) {
      ears.append(try make())
    } catch {
      unheard.append(Unheard(ipProtocol: ipProtocol, family: family, port: port, reason: "\(error)"))
    }
  }

  private static func bound(
    _ family: AddressFamily, _ kind: __socket_type, _ port: UInt16
  ) throws(Errno) -> Socket {
    let socket = try Socket(family, kind)
    try socket.set(SOL_SOCKET, SO_REUSEADDR)
    // Otherwise it would take the IPv4 port too.
    if family == .ipv6 { try socket.set(SocketLevel.ipv6, IPV6_V6ONLY) }
    try socket.bind(to: .any(family, port: port))
    return socket
  }

  private func take(from ear: Ear) {
    switch ear {
    case .tcp(let socket, let port):
      while let (connection, peer) = accept(from: socket) {
        witness.saw(.tcp, .port(port), from: peer.address)
        if connections.count >= Self.connectionLimit { connections.removeFirst() }
        connections.append(EchoedConnection(connection))
      }
    case .udp(let socket, let port):
      while let message = take(from: socket) {
        guard let peer = message.peer else { continue }
        witness.saw(.udp, .port(port), from: peer.address)
        guard message.data.starts(with: ProbePayload.question) else { continue }
        // As long as the question: nobody gets more out of us than was put in.
        let answer = ProbePayload.answer + message.data.dropFirst(ProbePayload.answer.count)
        try? socket.send(answer, to: peer, control: message.answeringAddress)
      }
    case .raw(let socket, let ipProtocol):
      while let message = take(from: socket) {
        guard let peer = message.peer, let packet = message.data.withoutHeader(socket.family) else {
          continue
        }
        witness.saw(ipProtocol, Self.aim(of: packet, ipProtocol), from: peer.address)
      }
    }
  }

  private func accept(from socket: Socket) -> (Socket, SocketAddress)? {
    while true {
      if let accepted = socket.accept() { return accepted }
      // Without a free descriptor the connection would wait, and we would ask for it for ever.
      guard [.tooManyOpenFiles, .tooManyOpenFilesInSystem].contains(Errno.last), !connections.isEmpty else {
        return nil
      }
      connections.removeFirst()
    }
  }

  private func take(from socket: Socket) -> ReceivedMessage? {
    // An error, such as a refusal of an earlier answer, is taken away by asking; then the next one counts.
    for _ in 0..<8 {
      do throws(Errno) {
        return try socket.receive(&buffer)
      } catch {
        continue
      }
    }
    return nil
  }

  private static func aim(of packet: [UInt8], _ ipProtocol: IPProtocol) -> Attempt.Aim {
    switch ipProtocol {
    case .icmp, .icmpv6: packet.first.map { .type($0) } ?? .plain
    case _ where ipProtocol.hasPorts && packet.count >= 4: .port(UInt16(packet[2]) << 8 | UInt16(packet[3]))
    default: .plain
    }
  }
}

extension Socket {
  /// Receives what is sent to a group through that interface.
  fileprivate func join(_ group: Address, through interface: UInt32) throws(Errno) {
    // struct ip_mreqn: group | own address | interface index; struct ipv6_mreq: group | interface index.
    switch family {
    case .ipv4:
      try set(
        SocketLevel.ipv4, IP_ADD_MEMBERSHIP,
        bytes: group.networkBytes + [0, 0, 0, 0] + withNative(interface))
    case .ipv6:
      try set(
        SocketLevel.ipv6, IPV6_ADD_MEMBERSHIP, bytes: group.networkBytes + withNative(interface))
    }
  }

  /// A connection that waits; `nil`: none does.
  fileprivate func accept() -> (Socket, SocketAddress)? {
    var address = [UInt8](repeating: 0, count: MemoryLayout<sockaddr_storage>.size)
    var length = socklen_t(address.count)
    while true {
      let connection = unsafe address.withUnsafeMutableBytes { bytes in
        unsafe Glibc.accept(descriptor, bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self), &length)
      }
      if connection < 0, [.interrupted, .connectionAbort].contains(Errno.last) { continue }
      guard connection >= 0 else { return nil }
      _ = fcntl(connection, F_SETFL, fcntl(connection, F_GETFL) | O_NONBLOCK)
      _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
      let socket = Socket(accepted: connection, family)
      guard let peer = SocketAddress(bytes: address[..<min(Int(length), address.count)]) else { return nil }
      return (socket, peer)
    }
  }
}
