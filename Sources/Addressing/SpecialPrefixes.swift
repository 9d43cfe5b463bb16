/// Blocks of addresses with a meaning of their own (RFC 6890 and the registries that it began).
extension Prefix {
  /// 0.0.0.0/8: hosts of "this network" (RFC 791, 3.2).
  public static let ipv4ThisNetwork = Self(.ipv4, 0, 8)
  /// 127.0.0.0/8 (RFC 1122, 3.2.1.3).
  public static let ipv4Loopback = Self(.ipv4, 0x7f00_0000, 8)
  /// 169.254.0.0/16 (RFC 3927).
  public static let ipv4LinkLocal = Self(.ipv4, 0xa9fe_0000, 16)
  /// 224.0.0.0/4 (RFC 5771).
  public static let ipv4Multicast = Self(.ipv4, 0xe000_0000, 4)
  /// 240.0.0.0/4, the broadcast address among them (RFC 1112, 4).
  public static let ipv4Reserved = Self(.ipv4, 0xf000_0000, 4)
  /// 255.255.255.255.
  public static let ipv4Broadcast = Self(.ipv4, 0xffff_ffff, 32)

  /// `::`.
  public static let ipv6Unspecified = Self(.ipv6, 0, 128)
  /// `::1`.
  public static let ipv6Loopback = Self(.ipv6, 1, 128)
  /// fc00::/7: unique local addresses (RFC 4193).
  public static let ipv6UniqueLocal = Self(.ipv6, 0xfc << 120, 7)
  /// fe80::/10 (RFC 4291, 2.5.6).
  public static let ipv6LinkLocal = Self(.ipv6, 0xfe80 << 112, 10)
  /// ff00::/8 (RFC 4291, 2.7).
  public static let ipv6Multicast = Self(.ipv6, 0xff << 120, 8)
  /// ::/96: IPv4 written as IPv6, as it was first done (RFC 4291, 2.5.5.1).
  public static let ipv4Compatible = Self(.ipv6, 0, 96)
  /// ::ffff:0:0/96: IPv4 written as IPv6 (RFC 4291, 2.5.5.2).
  public static let ipv4Mapped = Self(.ipv6, 0xffff << 32, 96)

  /// IPv4 written as IPv6: no packet on a link has such a source, and it would slip past rules of either family.
  public static let ipv4InIPv6 = [ipv4Compatible, ipv4Mapped]
  /// Multicast of both families.
  public static let multicast = [ipv4Multicast, ipv6Multicast]

  /// Whether the address is in the prefix.
  public func contains(_ other: Address) -> Bool { other.family == family && range.contains(other.bits) }

  private init(_ family: AddressFamily, _ bits: UInt128, _ length: Int) {
    self.init(containing: Address(family, bits), length: length)
  }
}

extension Address {
  /// The IPv4 address that is written as IPv6 (``Prefix/ipv4Mapped``); `nil`: it is another.
  public var ipv4Mapped: Address? {
    Prefix.ipv4Mapped.contains(self) ? Address(.ipv4, bits & AddressFamily.ipv4.highestBits) : nil
  }
}

extension AddressSet {
  /// ``Prefix/ipv4InIPv6``.
  public static let ipv4InIPv6 = Self(Prefix.ipv4InIPv6)
  /// ``Prefix/multicast``.
  public static let multicast = Self(Prefix.multicast)
  /// IPv6 addresses of one link.
  public static let ipv6LinkLocal = Self([Prefix.ipv6LinkLocal])
}
