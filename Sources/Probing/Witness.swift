package import Addressing
package import Attempts
internal import CLinux
internal import Glibc
internal import Machine
internal import SystemPackage

/// Sees packets of attempts on their way: what comes and goes by links, whatever the rules say, and what the rules
/// let in. It takes no port, so that nothing that is to listen there is kept from it; on one thread.
package final class Witness {
  /// What cannot be seen here.
  package private(set) var unheard: [Unheard] = []

  private let request: WitnessRequest
  private let peers: Set<Address>
  private var eyes: [Eye] = []
  private var seen: Set<Sighting> = []
  private var isFull = false
  /// What each socket had lost when this was asked last.
  private var lost: [Int?] = []
  private var buffer = [UInt8](repeating: 0, count: 1 << 11)

  private enum Eye {
    /// packet(7): links, ahead of all rules and behind them.
    case links(Socket)
    /// raw(7): what is delivered to this host has passed the `input` hook by then.
    case raw(Socket, IPProtocol)

    var socket: Socket {
      switch self {
      case .links(let socket), .raw(let socket, _): socket
      }
    }
  }

  /// Sightings that are kept; a sender of forged packets must not fill our memory.
  private static let limit = 60_000

  /// Messages that are taken from a socket until the others, and whoever sends beside them, have their turn.
  private static let turn = 1024

  /// More messages than wait in a socket: the kernel counts 2^24 bytes for the room that is asked for (socket(7)), and
  /// no message as less than 256 (`SKB_TRUESIZE`).
  private static let room = 1 << 16

  /// Looks from now on.
  package init(_ request: WitnessRequest) {
    self.request = request
    peers = Set(request.peers)
    do throws(Errno) {
      let socket = try Socket.ofLinks()
      try socket.attach(PacketFilter(request, from: .network))
      socket.makeRoom()
      eyes.append(.links(socket))
    } catch {
      unheard += request.protocols.flatMap { ipProtocol in
        AddressFamily.allCases.map { Unheard(ipProtocol, $0, reason: "on links: \(error)") }
      }
    }
    for family in AddressFamily.allCases {
      for ipProtocol in request.protocols where ipProtocol != (family == .ipv4 ? .icmpv6 : .icmp) {
        do throws(Errno) {
          eyes.append(.raw(try Self.raw(family, ipProtocol, request), ipProtocol))
        } catch {
          unheard.append(Unheard(ipProtocol, family, reason: "\(error)"))
        }
      }
    }
  }

  private static func raw(
    _ family: AddressFamily, _ ipProtocol: IPProtocol, _ request: WitnessRequest
  ) throws(Errno) -> Socket {
    let socket = try Socket(family, SOCK_RAW, Int32(ipProtocol.rawValue))
    switch family {
    case .ipv4: try socket.set(SocketLevel.ipv4, IP_PKTINFO)
    case .ipv6:
      try socket.set(SocketLevel.ipv6, IPV6_RECVPKTINFO)
      // Where the checksum of an answer is put: RFC 768.
      if ipProtocol == .udp { try socket.set(SocketLevel.ipv6, IPV6_CHECKSUM, to: 6) }
    }
    // Of IPv6 a raw socket with a filter takes only what has the checksum of UDP and TCP (rawv6_rcv_skb, net/ipv6/raw.c),
    // which ESP and its like have not.
    if family == .ipv4 || [.tcp, .udp, .icmpv6].contains(ipProtocol) {
      try socket.attach(
        PacketFilter(request, from: family == .ipv4 ? .network : .transport(ipProtocol)))
    }
    socket.makeRoom()
    return socket
  }

  /// What has been seen since this was asked last, and whether more was there.
  package func take() -> (sightings: [Sighting], isCutShort: Bool) {
    // More than a socket holds (`makeRoom`) came meanwhile, and whoever sends it faster than it is taken ends nothing.
    for eye in eyes where !take(from: eye, atMost: Self.room) { isFull = true }
    let drops = eyes.map(\.socket.drops)
    defer {
      seen = []
      isFull = false
      lost = drops
    }
    return (seen.sorted(by: Self.precedes), isFull || Self.haveLost(drops, since: lost))
  }

  /// Whether sockets have lost packets, or nobody knows.
  ///
  /// - Parameters:
  ///   - drops: how many each has lost by now; `nil`: the kernel does not say.
  ///   - before: the same of an earlier moment; none had lost any ahead of the first.
  static func haveLost(_ drops: [Int?], since before: [Int?]) -> Bool {
    drops.enumerated().contains { index, drops in
      drops.map { $0 > (index < before.count ? before[index] ?? 0 : 0) } ?? true
    }
  }

  /// Where what came by a link and did not leave again is to go, and answers to what was let in, to which there is no
  /// way from here: no route, or a neighbour that does not answer. Rules had no part in that.
  package static func unreached(_ sightings: [Sighting]) -> [Address] {
    let seen = Set(sightings)
    let destinations = Set(
      sightings.compactMap { sighting -> Address? in
        switch sighting.place {
        case .sent: nil
        case .arrived: seen.contains(sighting.at(.sent)) ? nil : sighting.destination
        case .delivered: sighting.source
        }
      })
    if destinations.isEmpty { return [] }
    var nextHop = try? NextHop()
    return destinations.filter { !$0.needsInterface && nextHop?.isMissing(from: nil, to: $0) ?? true }
      .sorted()
  }

  /// Looks until something can be read from a descriptor, or its other side is closed; or until the time is over.
  package func serve(until stop: Int32, within limit: Duration) {
    let deadline = ContinuousClock.now + limit
    while !look(until: stop, within: deadline - .now), ContinuousClock.now < deadline {}
  }

  /// What poll(2) shall wait for, for ``take(_:)``.
  var descriptors: [pollfd] {
    eyes.map { pollfd(fd: $0.socket.descriptor, events: Int16(POLLIN), revents: 0) }
  }

  /// Takes what poll(2) has reported of ``descriptors``.
  func take(_ descriptors: some Collection<pollfd>) {
    for (eye, descriptor) in zip(eyes, descriptors) where descriptor.revents != 0 {
      take(from: eye, atMost: Self.turn)
    }
  }

  /// - Returns: whether the descriptor ended it.
  @discardableResult
  private func look(until stop: Int32 = -1, within limit: Duration) -> Bool {
    var descriptors = [pollfd(fd: stop, events: Int16(POLLIN), revents: 0)] + descriptors
    let wait = max(0, min((limit / .milliseconds(1)).rounded(.up), 60_000))
    _ = unsafe poll(&descriptors, nfds_t(descriptors.count), Int32(wait))
    take(descriptors.dropFirst())
    return descriptors[0].revents != 0
  }

  /// - Returns: whether nothing is left there.
  @discardableResult
  private func take(from eye: Eye, atMost limit: Int) -> Bool {
    // An error of an earlier answer is taken away by asking.
    var errors = 0
    for _ in 0..<limit {
      do throws(Errno) {
        guard let message = try eye.socket.receive(&buffer) else { return true }
        switch eye {
        case .links: seeOnLink(message)
        case .raw(let socket, let ipProtocol): seeDelivered(message, ipProtocol, socket)
        }
      } catch {
        errors += 1
        if errors == 8 { return true }
      }
    }
    return false
  }

  private func seeOnLink(_ message: ReceivedMessage) {
    // struct sockaddr_ll: family | protocol | interface index | hardware type | packet type, at 10.
    guard message.address.count > 10, let header = PacketHeader(message.data) else { return }
    switch Int32(message.address[10]) {
    case PACKET_HOST: see(header, .arrived)
    case PACKET_OUTGOING: see(header, .sent)
    default: break
    }
  }

  private func seeDelivered(_ message: ReceivedMessage, _ ipProtocol: IPProtocol, _ socket: Socket) {
    let header: PacketHeader?
    switch socket.family {
    case .ipv4: header = PacketHeader(message.data)
    case .ipv6:
      header = message.peer.flatMap { peer in
        message.destination.map { PacketHeader(ipProtocol, peer.address, $0, message.data[...]) }
      }
    }
    guard let header, see(header, .delivered), ipProtocol == .udp else { return }
    answer(header, message, socket)
  }

  @discardableResult
  private func see(_ header: PacketHeader, _ place: Sighting.Place) -> Bool {
    guard peers.contains(header.source) || peers.contains(header.destination),
      let sighting = header.sighting(place), isOfAttempt(sighting)
    else { return false }
    if seen.count >= Self.limit, !seen.contains(sighting) {
      isFull = true
      return false
    }
    seen.insert(sighting)
    return true
  }

  /// Whether it has a port of attempts, where it has ports.
  private func isOfAttempt(_ sighting: Sighting) -> Bool {
    let ports = request.firstPort...request.lastPort
    guard let sourcePort = sighting.sourcePort, case .port(let port) = sighting.aim else { return true }
    return ports.contains(sourcePort) || ports.contains(port)
  }

  /// Answers a datagram of an attempt in place of whoever listens there, so that its sender knows that answers
  /// come back: the kernel's own refusals are limited in their rate.
  private func answer(_ header: PacketHeader, _ message: ReceivedMessage, _ socket: Socket) {
    let datagram = Array(header.transport)
    guard datagram.dropFirst(8).starts(with: ProbePayload.question), peers.contains(header.source),
      let sourcePort = native(datagram, at: 0, as: UInt16.self).map(UInt16.init(bigEndian:)),
      (request.firstPort...request.lastPort).contains(sourcePort)
    else { return }
    // Ports the other way round, length, checksum: none in IPv4, the kernel's in IPv6.
    let length = 8 + ProbePayload.answer.count
    let answer = datagram[2..<4] + datagram[0..<2] + network(UInt16(length)) + [0, 0] + ProbePayload.answer
    try? socket.send(
      Array(answer), to: SocketAddress(header.source), control: message.answeringAddress)
  }

  private static func precedes(_ a: Sighting, _ b: Sighting) -> Bool {
    (a.ipProtocol, a.source, a.destination, a.sourcePort ?? 0, a.aim.order, a.place.rawValue)
      < (b.ipProtocol, b.source, b.destination, b.sourcePort ?? 0, b.aim.order, b.place.rawValue)
  }
}

extension Socket {
  /// A socket that gets a copy of what comes and goes by links, beginning at the IP header. Its family is of no
  /// meaning.
  fileprivate static func ofLinks() throws(Errno) -> Socket {
    let flags = Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    let everything = Int32(UInt16(ETH_P_ALL).bigEndian)
    let descriptor = socket(AF_PACKET, Int32(SOCK_DGRAM.rawValue) | flags, everything)
    if descriptor < 0 { throw .last }
    return Socket(accepted: descriptor, .ipv4)
  }

  /// A burst waits here until it is taken.
  fileprivate func makeRoom() {
    let size: Int32 = 1 << 23
    if (try? set(SOL_SOCKET, SO_RCVBUFFORCE, to: size)) == nil { try? set(SOL_SOCKET, SO_RCVBUF, to: size) }
  }
}

extension ReceivedMessage {
  /// The control data that makes an answer leave from the address this message was sent to; empty when that
  /// was a group's.
  var answeringAddress: [UInt8] {
    for item in control {
      if item.level == SocketLevel.ipv4, item.type == IP_PKTINFO, item.data.count == 12 {
        // struct in_pktinfo: interface | own address | header's address; the kernel gave the second.
        let own = Array(item.data[4..<8])
        let asked = Array(item.data[8..<12])
        guard own == asked else { return [] }
        return ControlMessage(level: item.level, type: item.type, data: [0, 0, 0, 0] + own + asked).bytes
      }
      if item.level == SocketLevel.ipv6, item.type == IPV6_PKTINFO, item.data.count == 20 {
        // struct in6_pktinfo: address | interface.
        return item.data[0] == 0xff ? [] : item.bytes
      }
    }
    return []
  }

  /// The address that the message was sent to, as `IPV6_RECVPKTINFO` tells it.
  fileprivate var destination: Address? {
    for item in control
    where item.level == SocketLevel.ipv6 && item.type == IPV6_PKTINFO && item.data.count == 20 {
      return Address(networkBytes: item.data[..<16])
    }
    return nil
  }
}

extension Sighting {
  /// The same packet elsewhere on its way.
  fileprivate func at(_ place: Place) -> Sighting {
    Sighting(place, ipProtocol, from: source, sourcePort: sourcePort, to: destination, aim)
  }
}

extension Attempt.Aim {
  var order: Int {
    switch self {
    case .plain: -1
    case .type(let type): Int(type)
    case .port(let port): Int(port)
    }
  }
}
