extension AddressSet {
  /// What every IPv6 host has on every link beside its other addresses, and no router forwards (RFC 4291, 2.5.6).
  public static let linkLocal = AddressSet([
    Prefix(containing: Address(.ipv6, 0xfe80 << 112), length: 10)
  ])

  /// Multicast groups that no router forwards to: of IPv6 those of scope link or less, whatever their flags
  /// (RFC 4291, 2.7), and 224.0.0.0/24 (RFC 5771, 4).
  public static let linkGroups: AddressSet = {
    var prefixes = [Prefix(containing: Address(.ipv4, 0xe000_0000), length: 24)]
    for flags in UInt128(0)..<16 {
      for scope in UInt128(1)...2 {
        let start = (0xff00 | flags << 4 | scope) << 112
        prefixes.append(Prefix(containing: Address(.ipv6, start), length: 16))
      }
    }
    return AddressSet(prefixes)
  }()
}
