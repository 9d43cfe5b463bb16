internal import Addressing

extension InventoryLoader {
  /// Reads a prefix, or one address as the prefix of its full width.
  mutating func prefix(_ node: NodeID) -> Prefix? {
    guard tree.isScalar(node), !tree.isNull(node) else {
      error(
        node, "an address or a prefix is expected, not \(found(node))", help: "write one such as 10.20.0.0/16"
      )
      return nil
    }
    do {
      return try Prefix(parsing: tree.string(node))
    } catch {
      let (message, help) = Self.describe(error, quoted(node), isPrefix: true)
      self.error(node, message, help: help)
      return nil
    }
  }

  /// What is wrong with the text of an address, and what to write.
  static func describe(_ fault: AddressTextError, _ shown: String, isPrefix: Bool) -> (
    message: String, help: String
  ) {
    let example = isPrefix ? "10.20.0.0/16 or \"2001:db8:20::/48\"" : "10.20.1.11 or \"2001:db8:20:1::11\""
    let what = isPrefix ? "an address or a prefix" : "an address"
    switch fault {
    case .malformed:
      return ("\(shown) is not \(what)", "write \(isPrefix ? "a prefix" : "an address") such as \(example)")
    case .leadingZero:
      return (
        "\(shown) has a number with a leading zero", "write it without: some programs would read it as octal"
      )
    case .outOfRange: return ("\(shown) has a part that is too large", "write \(what) such as \(example)")
    case .hostBits(let meant):
      return (
        "\(shown) has bits behind its prefix length",
        "write \(meant) for the whole prefix, or the address alone for one host"
      )
    case .inverted, .mixedFamilies: return ("\(shown) is not \(what)", "write \(what) such as \(example)")
    }
  }

  /// Why an address can be no host's own, in the words of a message; `nil` if it can.
  static func unusable(_ address: Address) -> String? {
    special.first { $0.prefix.range.contains(address.bits) && $0.prefix.family == address.family }?.what
  }

  private static let special: [(prefix: Prefix, what: String)] = [
    (v4(0, 8), "an address of \"this network\" (0.0.0.0/8)"),
    (v4(0x7f00_0000, 8), "a loopback address"),
    (v4(0xe000_0000, 4), "a multicast address"),
    (v4(0xffff_ffff, 32), "the broadcast address"),
    (v6(0xffff_0000_0000, 96), "an IPv4 address in IPv6 clothes (::ffff:0:0/96)"),
    (v6(0, 128), "the unspecified address"),
    (v6(1, 128), "the loopback address"),
    (v6(0, 96), "an IPv4-compatible address (::/96)"),
    (v6(0xff << 120, 8), "a multicast address"),
  ]

  /// Multicast of both families.
  static let multicastPrefixes = [v4(0xe000_0000, 4), v6(0xff << 120, 8)]

  /// IPv4 addresses written as IPv6; no packet on a wire has one as its source.
  static let mappedPrefix = v6(0xffff_0000_0000, 96)

  /// What `private` means in a network's exceptions: RFC 1918, RFC 6598, RFC 4193, loopback and link-local.
  static let privatePrefixes = [
    v4(0, 8), v4(0x0a00_0000, 8), v4(0x6440_0000, 10), v4(0x7f00_0000, 8), v4(0xa9fe_0000, 16),
    v4(0xac10_0000, 12), v4(0xc0a8_0000, 16), v4(0xe000_0000, 4), v4(0xf000_0000, 4), v6(0, 127),
    v6(0xfc << 120, 7), v6(0xfe80 << 112, 10), v6(0xff << 120, 8),
  ]

  private static func v4(_ bits: UInt128, _ length: Int) -> Prefix {
    Prefix(containing: Address(.ipv4, bits), length: length)
  }

  private static func v6(_ bits: UInt128, _ length: Int) -> Prefix {
    Prefix(containing: Address(.ipv6, bits), length: length)
  }
}

extension Prefix {
  /// Whether every address of this prefix is in the other.
  func isInside(_ other: Prefix) -> Bool {
    family == other.family && length >= other.length && other.range.contains(address.bits)
  }
}
