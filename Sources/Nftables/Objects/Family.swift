/// Address family of a table (`NFPROTO_*`, linux/netfilter.h).
public struct Family: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
  public let rawValue: UInt8

  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// IPv4 and IPv6 together.
  public static let inet = Self(rawValue: 1)
  public static let ipv4 = Self(rawValue: 2)
  public static let arp = Self(rawValue: 3)
  public static let netdev = Self(rawValue: 5)
  public static let bridge = Self(rawValue: 7)
  public static let ipv6 = Self(rawValue: 10)

  /// The word nft(8) uses, or the number of a family it does not have.
  public var description: String { keyword ?? String(rawValue) }

  /// `nil` for a family that nft(8) does not have.
  var keyword: String? {
    switch self {
    case .inet: "inet"
    case .ipv4: "ip"
    case .arp: "arp"
    case .netdev: "netdev"
    case .bridge: "bridge"
    case .ipv6: "ip6"
    default: nil
    }
  }
}
