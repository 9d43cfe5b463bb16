internal import CMnl

/// Requests and their answers over a transport: sequence numbers, dumps, errors.
///
/// Everything is synchronous: the kernel works on a request inside the call that sends it, and on the
/// next part of a dump inside the call that receives the one before.
public struct Channel {
  public let transport: any Transport
  private var sequence: UInt32 = 0
  /// Netlink fills a datagram of a dump up to what the receiver last offered; with 8 KiB a dump takes
  /// three to four times as long.
  private var buffer = [UInt8](repeating: 0, count: 64 << 10)

  public init(_ transport: any Transport) { self.transport = transport }

  /// Milliseconds to wait for an answer that should be there already.
  private static let patience: Int32 = 2000

  /// The next number by which answers are told apart; never 0.
  public mutating func nextSequence() -> UInt32 {
    sequence &+= 1
    if sequence == 0 { sequence = 1 }
    return sequence
  }

  /// Goes on counting behind a number that messages packed by the caller have used.
  public mutating func advance(past number: UInt32) { sequence = number }

  /// Lists what a request asks for, in as many messages as there are.
  ///
  /// - Parameters:
  ///   - type: of the request (`nlmsg_type`).
  ///   - payload: what stands behind the message's header.
  ///   - doing: what this is for, for errors: "list the tables".
  ///   - each: gets every message of the answer, and the bytes it lies in.
  /// - Throws: ``NetlinkError/interrupted`` when the listing is torn, ``NetlinkError/overrun``, or what
  ///   the kernel answered.
  public mutating func dump(
    type: UInt16, payload: [UInt8], doing: String, each: (Message, [UInt8]) -> Void
  ) throws(NetlinkError) {
    let number = try send(type: type, flags: UInt16(NLM_F_DUMP), payload)
    var buffer: [UInt8] = []
    swap(&buffer, &self.buffer)
    defer { swap(&buffer, &self.buffer) }
    var failure: NetlinkError?
    // A dump that failed is received to its end: the kernel refuses the next request until then.
    while true {
      guard let size = try receive(&buffer, &failure, doing) else { throw failure ?? .silence(doing: doing) }
      var cursor = MessageCursor(0..<size)
      while let message = cursor.next(in: buffer.span) {
        guard message.sequence == number else { continue }
        if message.flags & UInt16(NLM_F_DUMP_INTR) != 0 { failure = failure ?? .interrupted }
        switch Int32(message.type) {
        case NLMSG_DONE:
          if let failure { throw failure }
          if let code = Self.code(message, buffer) { throw .failed(code, doing: doing, extended: nil) }
          return
        case NLMSG_ERROR:
          guard let answer = Acknowledgement(message, in: buffer) else { throw .malformed(doing: doing) }
          if let code = answer.error { throw .failed(code, doing: doing, extended: answer.text) }
        case NLMSG_NOOP: break
        default: if failure == nil { each(message, buffer) }
        }
      }
      if cursor.isMalformed { failure = failure ?? .malformed(doing: doing) }
    }
  }

  /// Asks for one thing, or for the few that an answer of several messages tells; asks for an
  /// acknowledgement, so that the end is known.
  ///
  /// - Throws: what the kernel answered, as ``NetlinkError/failed(_:doing:extended:)``.
  public mutating func ask(
    type: UInt16, flags: UInt16 = 0, payload: [UInt8], doing: String, each: (Message, [UInt8]) -> Void
  ) throws(NetlinkError) {
    let number = try send(type: type, flags: flags | UInt16(NLM_F_ACK), payload)
    var buffer: [UInt8] = []
    swap(&buffer, &self.buffer)
    defer { swap(&buffer, &self.buffer) }
    var failure: NetlinkError?
    while true {
      guard let size = try receive(&buffer, &failure, doing) else { throw failure ?? .silence(doing: doing) }
      var cursor = MessageCursor(0..<size)
      while let message = cursor.next(in: buffer.span) {
        guard message.sequence == number else { continue }
        guard message.type == NLMSG_ERROR else {
          each(message, buffer)
          continue
        }
        guard let answer = Acknowledgement(message, in: buffer) else { throw .malformed(doing: doing) }
        if let code = answer.error { throw .failed(code, doing: doing, extended: answer.text) }
        if let failure { throw failure }
        return
      }
      if cursor.isMalformed { throw .malformed(doing: doing) }
    }
  }

  /// Sends messages that are packed already and gathers every acknowledgement that the kernel gave
  /// while it worked on them.
  ///
  /// - Returns: the acknowledgements, and whether some were lost.
  public mutating func exchange(
    _ bytes: [UInt8]
  ) throws(NetlinkError) -> (answers: [Acknowledgement], overrun: Bool) {
    try transport.send(bytes)
    var answers: [Acknowledgement] = []
    var overrun = false
    while true {
      let size: Int?
      do {
        size = try transport.receive(into: &buffer, patience: 0)
      } catch .overrun {
        // Once for any number of lost answers; those that were not lost are still to come.
        if overrun { return (answers, true) }
        overrun = true
        continue
      }
      guard let size else { return (answers, overrun) }
      var cursor = MessageCursor(0..<size)
      while let message = cursor.next(in: buffer.span) {
        if let answer = Acknowledgement(message, in: buffer) { answers.append(answer) }
      }
    }
  }

  private mutating func send(
    type: UInt16, flags: UInt16, _ payload: [UInt8]
  ) throws(NetlinkError) -> UInt32 {
    let number = nextSequence()
    var writer = MessageWriter()
    let start = writer.beginMessage(type: type, flags: flags | UInt16(NLM_F_REQUEST), sequence: number)
    writer.append(payload)
    writer.endMessage(start)
    try transport.send(writer.bytes)
    return number
  }

  /// Goes on after lost answers, which make the whole a failure, until nothing more comes.
  private func receive(
    _ buffer: inout [UInt8], _ failure: inout NetlinkError?, _ doing: String
  ) throws(NetlinkError) -> Int? {
    do {
      return try transport.receive(into: &buffer, patience: Self.patience)
    } catch .overrun {
      failure = .overrun
      return try transport.receive(into: &buffer, patience: 0)
    }
  }

  /// The error that ends a dump (`NLMSG_DONE` carries 0 or a negated errno).
  private static func code(_ message: Message, _ bytes: [UInt8]) -> KernelErrno? {
    guard message.payload.count >= 4 else { return nil }
    let code = Int32(bitPattern: bytes.span.hostUInt32(at: message.payload.lowerBound))
    return code < 0 ? KernelErrno(rawValue: code == .min ? .max : -code) : nil
  }
}
