/// Attributes of an expression that is kept byte for byte (linux/netlink.h), by number; each is padded to four bytes.
struct OpaqueAttributes {
  private var values: [UInt16: ArraySlice<UInt8>] = [:]

  var numbers: some Collection<UInt16> { values.keys }

  /// `nil` of bytes that are no attributes, or have one twice.
  init?(_ bytes: [UInt8]) {
    var start = 0
    while start < bytes.count {
      guard start + 4 <= bytes.count else { return nil }
      let length = Int(Self.hostNumber(bytes[start], bytes[start + 1]))
      // NLA_TYPE_MASK: the two highest bits are flags.
      let number = Self.hostNumber(bytes[start + 2], bytes[start + 3]) & 0x3fff
      guard length >= 4, start + length <= bytes.count,
        values.updateValue(bytes[start + 4..<start + length], forKey: number) == nil
      else { return nil }
      start += (length + 3) & ~3
    }
  }

  /// A number in network order; `nil` where there is none, or it is of more than 32 bits.
  subscript(number: UInt16) -> UInt32? {
    guard let value = values[number], (1...4).contains(value.count) else { return nil }
    return value.reduce(0) { $0 << 8 | UInt32($1) }
  }

  func has(_ number: UInt16) -> Bool { values[number] != nil }

  func bytes(_ number: UInt16) -> [UInt8]? { values[number].map { Array($0) } }

  /// Attributes as the kernel has them.
  static func written(_ values: [(number: UInt16, bytes: [UInt8])]) -> [UInt8] {
    values.flatMap { number, bytes in
      let filling = [UInt8](repeating: 0, count: -bytes.count & 3)
      return hostBytes(UInt16(bytes.count + 4)) + hostBytes(number) + bytes + filling
    }
  }

  private static func hostBytes(_ number: UInt16) -> [UInt8] {
    let (low, high) = (UInt8(number & 0xff), UInt8(number >> 8))
    return hostIsLittle ? [low, high] : [high, low]
  }

  private static func hostNumber(_ first: UInt8, _ second: UInt8) -> UInt16 {
    hostIsLittle ? UInt16(second) << 8 | UInt16(first) : UInt16(first) << 8 | UInt16(second)
  }
}
