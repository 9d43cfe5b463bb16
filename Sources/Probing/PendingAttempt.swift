internal import Addressing
internal import Attempts
internal import CLinux
internal import Glibc
internal import Machine
internal import SystemPackage

/// An attempt that is under way.
final class PendingAttempt {
  let socket: Socket
  /// What poll(2) waits for, beside errors.
  private(set) var events: Int16
  private let ipProtocol: IPProtocol
  private let destination: Address
  private let kind: Kind
  /// Bytes of a stream that are still to be sent, and to come back.
  private var unsent: Int
  private var unechoed: Int
  /// What a datagram carries.
  private let question: [UInt8]

  private enum Kind {
    case stream
    case datagram
    case raw(RawPacket)
  }

  /// What an attempt begins with.
  enum Start {
    case waiting(PendingAttempt)
    case done(AttemptOutcome)
    /// No descriptor is free; later there may be one.
    case later
  }

  private init(_ socket: Socket, _ attempt: Attempt, _ kind: Kind) {
    self.socket = socket
    ipProtocol = attempt.ipProtocol
    destination = attempt.destination
    self.kind = kind
    unsent = Int(attempt.size)
    unechoed = Int(attempt.size)
    question = ProbePayload.question + [UInt8](repeating: 0, count: Int(attempt.size))
    if case .stream = kind { events = Int16(POLLOUT) } else { events = Int16(POLLIN) }
  }

  static func start(_ attempt: Attempt, run: UInt16, number: UInt16) -> Start {
    let family = attempt.destination.family
    guard attempt.source == nil || attempt.source?.family == family else {
      return .done(.failed("source and destination are of two families"))
    }
    let socket: Socket
    let kind: Kind
    do throws(Errno) {
      switch (attempt.ipProtocol, attempt.aim) {
      case (.tcp, .port):
        kind = .stream
        socket = try Socket(family, SOCK_STREAM)
      case (.udp, .port):
        kind = .datagram
        socket = try Socket(family, SOCK_DGRAM)
      default:
        kind = .raw(RawPacket(attempt, run: run, number: number))
        socket = try Socket(family, SOCK_RAW, Int32(attempt.ipProtocol.rawValue))
      }
    } catch {
      if [.tooManyOpenFiles, .tooManyOpenFilesInSystem].contains(error) { return .later }
      return .done(AttemptOutcome(creating: attempt.ipProtocol, error: error.rawValue))
    }

    let pending = PendingAttempt(socket, attempt, kind)
    do throws(Errno) {
      try pending.begin(attempt)
      return .waiting(pending)
    } catch {
      if case .stream = kind, error == .nowInProgress { return .waiting(pending) }
      // What the kernel noted says more than the number; but "not permitted" came first, from our own host.
      if error != .notPermitted, let outcome = pending.noted() { return .done(outcome) }
      return .done(AttemptOutcome(error: error.rawValue))
    }
  }

  private func begin(_ attempt: Attempt) throws(Errno) {
    let family = socket.family
    var scope: UInt32 = 0
    if attempt.destination.needsInterface {
      scope = Interfaces.index(named: attempt.interface)
      if attempt.destination.isMulticast { try socket.sendMulticast(through: scope) }
      if family == .ipv4 { scope = 0 }
    }
    try socket.noteErrors()
    if attempt.source != nil || attempt.sourcePort != nil {
      try socket.set(SOL_SOCKET, SO_REUSEADDR)
      let source = attempt.source ?? Address(family, 0)
      var port = attempt.sourcePort ?? 0
      if case .raw = kind { port = 0 }
      try socket.bind(to: SocketAddress(source, port: port, scope: source.isLinkLocal ? scope : 0))
    }

    var port: UInt16 = 0
    if case .port(let number) = attempt.aim { port = number }
    if case .raw = kind { port = 0 }
    let destination = SocketAddress(attempt.destination, port: port, scope: scope)
    if case .stream = kind {
      // An attempt leaves nothing behind: closing resets the connection.
      try socket.set(SOL_SOCKET, SO_LINGER, bytes: withNative(Int32(1)) + withNative(Int32(0)))
    }
    // Members of a group answer from their own addresses.
    if !attempt.destination.isMulticast { try socket.connect(to: destination) }
    let remote = attempt.destination.isMulticast ? destination : nil
    switch kind {
    case .stream: break
    case .datagram: try socket.send(question, to: remote)
    case .raw(let packet): try socket.send(packet.bytes, to: remote)
    }
  }

  /// Looks at what poll(2) reported; `nil`: it was nothing that settles the attempt.
  func proceed() -> AttemptOutcome? {
    if let outcome = noted() { return outcome }
    let error = socket.pendingError
    switch kind {
    case .stream:
      return error == 0 ? stream() : AttemptOutcome(error: error)
    case .datagram:
      return error == 0 ? next().map { _ in .open } : AttemptOutcome(error: error)
    case .raw(let packet):
      // An error without a note about this packet is another attempt's at the same destination.
      while let message = next() {
        guard let data = message.data.withoutHeader(socket.family) else { continue }
        if let outcome = packet.outcome(of: data, from: destination) { return outcome }
      }
      return nil
    }
  }

  /// Sends what the connection takes and counts what comes back.
  private func stream() -> AttemptOutcome? {
    while unsent > 0, let sent = try? socket.sendSome([UInt8](repeating: 0, count: unsent)), sent > 0 {
      unsent -= sent
    }
    while unechoed > 0, let message = next() {
      guard !message.data.isEmpty else { return .failed("closed before everything came back") }
      unechoed -= message.data.count
    }
    events = Int16(unsent > 0 ? POLLIN | POLLOUT : POLLIN)
    return unechoed <= 0 ? .open : nil
  }

  private func next() -> ReceivedMessage? {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    return try? socket.receive(&buffer)
  }

  /// What the error queue says about this attempt.
  private func noted() -> AttemptOutcome? {
    while let report = socket.nextErrorReport() {
      if case .raw(let packet) = kind, !packet.isQuoted(in: report.packet) { continue }
      if report.error == EMSGSIZE {
        // "Fragmentation needed", "packet too big": now the kernel knows, and cuts the next one up.
        _ = socket.pendingError
        if case .datagram = kind { try? socket.send(question) }
        if case .raw(let packet) = kind { try? socket.send(packet.bytes) }
        continue
      }
      return AttemptOutcome(report, about: ipProtocol, to: destination)
    }
    return nil
  }
}

/// What a UDP attempt sends, and what a listener answers.
///
/// A listener answers questions only: if it answered everything, a forged datagram from one listener's address
/// to another's would go back and forth for ever.
enum ProbePayload {
  static let question = Array("sekisho?".utf8)
  static let answer = Array("sekisho!".utf8)
}

extension [UInt8] {
  /// Raw IPv4 sockets give the IP header too, IPv6 ones do not; `nil`: cut off.
  func withoutHeader(_ family: AddressFamily) -> [UInt8]? {
    guard family == .ipv4 else { return self }
    guard let first, count >= Int(first & 0xf) * 4 else { return nil }
    return Array(self[(Int(first & 0xf) * 4)...])
  }
}
