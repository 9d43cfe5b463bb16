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
    if isSeveral(node) { return nil }
    do {
      let prefix = try Prefix(parsing: tree.string(node))
      return readsAsText(node) ? prefix : nil
    } catch {
      let (message, help) = Self.describe(error, quoted(node), isPrefix: true)
      self.error(node, message, help: help)
      return nil
    }
  }

  /// Reads a prefix, one address, or a range of them.
  mutating func addressRange(_ node: NodeID) -> AddressRange? {
    guard tree.isScalar(node), !tree.isNull(node) else {
      error(
        node, "an address, a prefix or a range is expected, not \(found(node))",
        help: "write one such as 10.20.0.0/16 or 10.20.1.10-10.20.1.99")
      return nil
    }
    if isSeveral(node) { return nil }
    let text = tree.string(node)
    do {
      let range = try AddressRange(parsing: text)
      return readsAsText(node) ? range : nil
    } catch .inverted {
      error(
        node, "the range \(quoted(node)) ends before it begins", help: "write the lower address first")
    } catch .mixedFamilies {
      error(
        node, "the range \(quoted(node)) begins in one address family and ends in the other",
        help: "write a range for each family")
    } catch .malformed where Prefix(withMask: text) != nil {
      error(
        node, "\(quoted(node)) has a mask behind its address",
        help: "write the length of the prefix: \(Prefix(withMask: text).map { "\($0)" } ?? "10.20.0.0/16")")
    } catch .malformed where Self.isMeantAsRange(text) {
      error(
        node, "\(quoted(node)) is not a range of addresses",
        help: "write both ends whole, as in 10.20.1.10-10.20.1.99")
    } catch {
      let (message, help) = Self.describe(error, quoted(node), isPrefix: true)
      let isName = error == .malformed && NameRule.fault(tree.bytes(node), isPlain: false) == nil
      self.error(
        node, message,
        help: isName
          ? "\(help); a name stands beside the network in a selector: `from: [office, web-1]`" : help)
    }
    return nil
  }

  /// Whether a text has a hyphen between what may be addresses; the name of a host may have one, too.
  private static func isMeantAsRange(_ text: String) -> Bool {
    let ends = text.split(separator: "-", omittingEmptySubsequences: false)
    guard ends.count > 1 else { return false }
    return ends.contains { (try? Address(parsing: $0.prefix { $0 != "/" })) != nil }
      || text.utf8.allSatisfy { (0x30...0x39).contains($0) || ".:- ".utf8.contains($0) }
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
    special.first { $0.prefix.contains(address) }?.what
  }

  private static let special: [(prefix: Prefix, what: String)] = [
    (.ipv4ThisNetwork, "an address of \"this network\" (0.0.0.0/8)"),
    (.ipv4Loopback, "a loopback address"),
    (.ipv4Multicast, "a multicast address"),
    (.ipv4Broadcast, "the broadcast address"),
    (.ipv4Mapped, "an IPv4 address in IPv6 clothes (::ffff:0:0/96)"),
    (.ipv6Unspecified, "the unspecified address"),
    (.ipv6Loopback, "the loopback address"),
    (.ipv4Compatible, "an IPv4-compatible address (::/96)"),
    (.ipv6Multicast, "a multicast address"),
  ]

  /// What `private` means in a network's exceptions: RFC 1918, RFC 6598, RFC 4193, loopback and link-local.
  static let privatePrefixes = [
    .ipv4ThisNetwork, .ipv4Loopback, .ipv4LinkLocal, .ipv4Multicast, .ipv4Reserved,
    v4(0x0a00_0000, 8), v4(0xac10_0000, 12), v4(0xc0a8_0000, 16), v4(0x6440_0000, 10),
    .ipv6Unspecified, .ipv6Loopback, .ipv6UniqueLocal, .ipv6LinkLocal, .ipv6Multicast,
  ]

  private static func v4(_ bits: UInt128, _ length: Int) -> Prefix {
    Prefix(containing: Address(.ipv4, bits), length: length)
  }

}

extension Prefix {
  /// Whether every address of this prefix is in the other.
  func isInside(_ other: Prefix) -> Bool {
    family == other.family && length >= other.length && other.range.contains(address.bits)
  }

  /// `10.0.0.0/255.0.0.0`, as other languages write a prefix of IPv4; `nil` for any other text.
  init?(withMask text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let address = try? Address(parsing: parts[0]),
      let mask = try? Address(parsing: parts[1]), address.family == .ipv4, mask.family == .ipv4
    else { return nil }
    let bits = UInt32(truncatingIfNeeded: mask.bits)
    let length = (~bits).leadingZeroBitCount
    guard bits == 0 || bits == ~UInt32(0) << UInt32(32 - length) else { return nil }
    self.init(containing: address, length: length)
  }
}
