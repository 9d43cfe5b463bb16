/// The two versions of the Internet Protocol a policy speaks of.
public enum AddressFamily: UInt8, Hashable, Comparable, Sendable, CaseIterable {
  case ipv4 = 4
  case ipv6 = 6

  /// Width of an address in bits: 32 or 128.
  public var bitWidth: Int { self == .ipv4 ? 32 : 128 }

  /// Width of an address in bytes: 4 or 16.
  public var byteCount: Int { bitWidth / 8 }

  /// The highest address, as the integer of its bits.
  public var highestBits: UInt128 { self == .ipv4 ? UInt128(UInt32.max) : .max }

  /// The suffix of names of objects that hold one family: `v4` or `v6`.
  public var suffix: String { self == .ipv4 ? "v4" : "v6" }

  public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// One IPv4 or IPv6 address as a value; IPv4 sorts before IPv6, then by number.
public struct Address: Hashable, Comparable, Sendable {
  public let family: AddressFamily
  /// The address as an integer in host order: at most 32 significant bits for IPv4.
  public let bits: UInt128

  /// An address of a family; bits above the family's width are a programming error.
  public init(_ family: AddressFamily, _ bits: UInt128) {
    precondition(bits <= family.highestBits, "an address is wider than its family")
    self.family = family
    self.bits = bits
  }

  public static func < (a: Self, b: Self) -> Bool {
    a.family == b.family ? a.bits < b.bits : a.family < b.family
  }

  /// The bytes as they stand in a packet (network order), 4 or 16 of them.
  public var networkBytes: [UInt8] {
    let count = family.byteCount
    return (0..<count).map { UInt8(truncatingIfNeeded: bits >> UInt128((count - 1 - $0) * 8)) }
  }

  /// Reads 4 or 16 bytes in network order; `nil` for any other count.
  @inlinable
  public init?(networkBytes bytes: some Collection<UInt8>) {
    let family: AddressFamily
    switch bytes.count {
    case 4: family = .ipv4
    case 16: family = .ipv6
    default: return nil
    }
    self.init(family, bytes.reduce(0) { $0 << 8 | UInt128($1) })
  }
}
