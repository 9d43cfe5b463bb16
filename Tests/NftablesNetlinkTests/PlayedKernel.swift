import Netlink

/// A kernel that answers what a test tells it to.
final class PlayedKernel: Transport {
  enum Answer {
    case message(type: UInt16, flags: UInt16, payload: [UInt8])
    /// `NLMSG_ERROR` for the message that is so many behind the first one sent; 0 is success.
    case acknowledgement(Int, Int32)
    /// `NLMSG_DONE`
    case done
    case overrun
    /// Not even a message.
    case bytes([UInt8])
  }

  let portID: UInt32 = 7
  var generation: UInt32 = 1
  /// What a batch is answered with, and whether it takes place.
  var batch: (answers: [Answer], takesPlace: Bool) = ([], true)
  /// What a dump of that type is answered with, one list for each time it is asked for.
  var dumps: [UInt16: [[Answer]]] = [:]
  private(set) var batches = 0
  private var waiting: [Answer] = []
  private var sequence: UInt32 = 0

  func send(_ bytes: [UInt8]) throws(NetlinkError) {
    let type = UInt16(bytes[4]) | UInt16(bytes[5]) << 8
    sequence = bytes.span.hostUInt32(at: 8)
    switch type {
    case Self.begin:
      batches += 1
      waiting += batch.answers
      if batch.takesPlace { generation += 1 }
    case Self.getGeneration:
      let number = (0..<4).map { UInt8(truncatingIfNeeded: generation >> UInt32(24 - 8 * $0)) }
      waiting.append(
        .message(type: Self.newGeneration, flags: 0, payload: [0, 0, 0, 0, 8, 0, 1, 0] + number))
      waiting.append(.acknowledgement(0, 0))
    default:
      if dumps[type]?.isEmpty == false {
        waiting += dumps[type]?.removeFirst() ?? []
      } else {
        waiting.append(bytes[7] & 0x03 != 0 ? .done : .acknowledgement(0, 0))
      }
    }
  }

  func receive(into buffer: inout [UInt8], patience: Int32) throws(NetlinkError) -> Int? {
    guard !waiting.isEmpty else { return nil }
    let answer = waiting.removeFirst()
    if case .overrun = answer { throw .overrun }
    let bytes = packed(answer)
    for (index, byte) in bytes.enumerated() { buffer[index] = byte }
    return bytes.count
  }

  private func packed(_ answer: Answer) -> [UInt8] {
    switch answer {
    case .overrun: []
    case .bytes(let bytes): bytes
    case .done: Self.message(3, 2, sequence, [0, 0, 0, 0])
    case .message(let type, let flags, let payload): Self.message(type, flags, sequence, payload)
    case .acknowledgement(let place, let code):
      Self.message(
        2, 0x100, sequence &+ UInt32(place),
        Self.host(UInt32(bitPattern: -code)) + Self.message(0, 0, sequence &+ UInt32(place), []))
    }
  }

  static func message(_ type: UInt16, _ flags: UInt16, _ sequence: UInt32, _ payload: [UInt8]) -> [UInt8] {
    var writer = MessageWriter()
    let start = writer.beginMessage(type: type, flags: flags, sequence: sequence)
    writer.append(payload)
    writer.endMessage(start)
    return writer.bytes
  }

  private static func host(_ number: UInt32) -> [UInt8] { withUnsafeBytes(of: number) { Array($0) } }

  static let begin: UInt16 = 16
  static let newTable: UInt16 = 10 << 8
  static let getTable: UInt16 = 10 << 8 | 1
  static let getChain: UInt16 = 10 << 8 | 4
  private static let newGeneration: UInt16 = 10 << 8 | 15
  private static let getGeneration: UInt16 = 10 << 8 | 16
}
