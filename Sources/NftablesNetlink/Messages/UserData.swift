internal import CNftnl

/// The notes nft(8) keeps with objects, which the kernel stores unread (libnftnl/udata.h): a type byte,
/// a length byte, and so many bytes, one after the other.
enum UserData {
  /// The note of that type.
  static func note(_ type: UInt32, in bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    var rest = bytes
    while rest.count >= 2 {
      let kind = rest[rest.startIndex]
      let length = Int(rest[rest.startIndex + 1])
      rest = rest.dropFirst(2)
      guard length <= rest.count else { return nil }
      if UInt32(kind) == type { return rest.prefix(length) }
      rest = rest.dropFirst(length)
    }
    return nil
  }

  /// A note that is a text with its NUL.
  static func text(_ type: UInt32, in bytes: ArraySlice<UInt8>) -> String? {
    note(type, in: bytes).map { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }

  /// Appends a text with its NUL.
  ///
  /// - Parameter limit: the most bytes of the text; the note's length has 8 bits.
  static func append(
    _ text: String?, _ type: UInt32, limit: Int, to bytes: inout [UInt8]
  ) throws(EncodingError) {
    guard let text else { return }
    guard text.utf8.count <= limit, !text.utf8.contains(0) else { throw .unusableText(limit: limit) }
    bytes.append(UInt8(truncatingIfNeeded: type))
    bytes.append(UInt8(text.utf8.count + 1))
    bytes.append(contentsOf: text.utf8)
    bytes.append(0)
  }

  /// Appends a number in the host's order.
  static func append(_ number: UInt32, _ type: UInt32, to bytes: inout [UInt8]) {
    bytes.append(UInt8(truncatingIfNeeded: type))
    bytes.append(4)
    let number = number.littleEndian
    for shift in [0, 8, 16, 24] as [UInt32] { bytes.append(UInt8(truncatingIfNeeded: number >> shift)) }
  }

  /// The most bytes of a rule's comment (`NFTNL_UDATA_COMMENT_MAXLEN` counts the NUL).
  static let ruleComment = Int(NFTNL_UDATA_COMMENT_MAXLEN) - 1
  /// The most bytes of any other comment: what the note's own length can say, less the NUL.
  static let comment = 254
}
