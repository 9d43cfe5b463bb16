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
}
