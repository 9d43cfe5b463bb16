/// A protocol header whose fields have names in nft(8).
public enum Header: String, Hashable, Sendable, CaseIterable {
  case ether, vlan, arp, ip, ip6, icmp, icmpv6, igmp, tcp, udp, udplite, sctp, dccp, ah, esp, comp
  /// Any transport protocol that begins with two ports.
  case th

  /// The header from whose beginning the fields' offsets count.
  public var base: PayloadBase {
    switch self {
    case .ether, .vlan: .link
    case .arp, .ip, .ip6: .network
    default: .transport
    }
  }
}

/// A field of a header under nft's name: where it is, and how its values are written.
public struct HeaderField: Hashable, Sendable {
  public let header: Header
  public let name: String
  /// Bits behind the beginning of the header's base.
  public let offset: Int
  /// Bits.
  public let length: Int
  public let type: DataType

  init(_ header: Header, _ name: String, _ offset: Int, _ length: Int, _ type: DataType) {
    self.header = header
    self.name = name
    self.offset = offset
    self.length = length
    self.type = type
  }

  public static let ipSaddr = Self(.ip, "saddr", 96, 32, .ipv4Address)
  public static let ipDaddr = Self(.ip, "daddr", 128, 32, .ipv4Address)
  public static let ip6Hoplimit = Self(.ip6, "hoplimit", 56, 8, .integer)
  public static let ip6Saddr = Self(.ip6, "saddr", 64, 128, .ipv6Address)
  public static let ip6Daddr = Self(.ip6, "daddr", 192, 128, .ipv6Address)
  public static let tcpSport = Self(.tcp, "sport", 0, 16, .inetService)
  public static let tcpDport = Self(.tcp, "dport", 16, 16, .inetService)
  public static let tcpFlags = Self(.tcp, "flags", 104, 8, .tcpFlag)
  public static let udpSport = Self(.udp, "sport", 0, 16, .inetService)
  public static let udpDport = Self(.udp, "dport", 16, 16, .inetService)
  public static let sctpSport = Self(.sctp, "sport", 0, 16, .inetService)
  public static let sctpDport = Self(.sctp, "dport", 16, 16, .inetService)
  public static let thSport = Self(.th, "sport", 0, 16, .inetService)
  public static let thDport = Self(.th, "dport", 16, 16, .inetService)
  public static let icmpType = Self(.icmp, "type", 0, 8, .icmpType)
  public static let icmpv6Type = Self(.icmpv6, "type", 0, 8, .icmpv6Type)
}
