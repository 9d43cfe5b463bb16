/// One netlink message: the fields of its header (`struct nlmsghdr`, linux/netlink.h), and where its
/// payload lies in the bytes it came in.
public struct Message: Hashable, Sendable {
  /// Bytes of a message's header.
  public static let headerLength = 16

  public let type: UInt16
  public let flags: UInt16
  public let sequence: UInt32
  public let portID: UInt32
  public let payload: Range<Int>
}

/// Walks the messages that one datagram holds.
public struct MessageCursor {
  private var offset: Int
  private let end: Int
  /// Whether the walk ended before the bytes did.
  public private(set) var isMalformed = false

  public init(_ range: Range<Int>) {
    offset = range.lowerBound
    end = range.upperBound
  }

  public mutating func next(in bytes: borrowing Span<UInt8>) -> Message? {
    guard offset < end, !isMalformed else { return nil }
    guard offset >= 0, end <= bytes.count, end - offset >= Message.headerLength else {
      isMalformed = true
      return nil
    }
    let length = bytes.hostUInt32(at: offset)
    guard length >= Message.headerLength, length <= end - offset else {
      isMalformed = true
      return nil
    }
    let message = Message(
      type: bytes.hostUInt16(at: offset + 4), flags: bytes.hostUInt16(at: offset + 6),
      sequence: bytes.hostUInt32(at: offset + 8), portID: bytes.hostUInt32(at: offset + 12),
      payload: offset + Message.headerLength..<offset + Int(length))
    offset = min(end, offset + (Int(length) + 3) & ~3)
    return message
  }
}
