internal import CMnl

/// One netlink attribute: its type without flag bits, and where its payload lies in the message.
public struct Attribute: Hashable, Sendable {
  public let type: UInt16
  public let payload: Range<Int>

  public init(type: UInt16, payload: Range<Int>) {
    self.type = type
    self.payload = payload
  }

  /// Whether this is the attribute a kernel header calls by that name.
  @inlinable
  public func `is`(_ name: some RawRepresentable<UInt32>) -> Bool { UInt32(type) == name.rawValue }
}

/// Walks the attributes in a part of a message (`struct nlattr`, linux/netlink.h).
///
/// The bytes are untrusted: a length that is too short for a header or reaches behind the end stops
/// the walk and sets ``isMalformed``. Nothing is copied or allocated.
public struct AttributeCursor {
  private var offset: Int
  private let end: Int
  /// Whether the walk ended before the bytes did.
  public private(set) var isMalformed = false

  /// Starts at the beginning of a range; a range outside the bytes is malformed, not an error of ours.
  public init(_ range: Range<Int>) {
    offset = range.lowerBound
    end = range.upperBound
  }

  public mutating func next(in bytes: borrowing Span<UInt8>) -> Attribute? {
    guard offset < end, !isMalformed else { return nil }
    guard offset >= 0, end <= bytes.count, end - offset >= 4 else {
      isMalformed = true
      return nil
    }
    let length = Int(bytes.hostUInt16(at: offset))
    guard length >= 4, length <= end - offset else {
      isMalformed = true
      return nil
    }
    let type = bytes.hostUInt16(at: offset + 2) & ~(UInt16(NLA_F_NESTED) | UInt16(NLA_F_NET_BYTEORDER))
    let attribute = Attribute(type: type, payload: offset + 4..<offset + length)
    offset = min(end, offset + (length + 3) & ~3)
    return attribute
  }
}

extension Span<UInt8> {
  /// Two bytes in the host's order; the caller has checked the bounds.
  public func hostUInt16(at offset: Int) -> UInt16 {
    UInt16(littleEndian: UInt16(self[offset]) | UInt16(self[offset + 1]) << 8)
  }

  /// Four bytes in the host's order; the caller has checked the bounds.
  public func hostUInt32(at offset: Int) -> UInt32 {
    UInt32(littleEndian: networkUInt32(at: offset).byteSwapped)
  }

  /// Four bytes in network order; the caller has checked the bounds.
  public func networkUInt32(at offset: Int) -> UInt32 {
    UInt32(self[offset]) << 24 | UInt32(self[offset + 1]) << 16 | UInt32(self[offset + 2]) << 8
      | UInt32(self[offset + 3])
  }
}
