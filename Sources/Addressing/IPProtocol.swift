/// A protocol number of the IP header (IANA "Assigned Internet Protocol Numbers").
///
/// A value the table does not name is kept as its number.
public struct IPProtocol: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
  public let rawValue: UInt8

  public init(rawValue: UInt8) { self.rawValue = rawValue }

  public static let icmp = Self(rawValue: 1)
  public static let igmp = Self(rawValue: 2)
  public static let tcp = Self(rawValue: 6)
  public static let udp = Self(rawValue: 17)
  public static let gre = Self(rawValue: 47)
  public static let esp = Self(rawValue: 50)
  public static let ah = Self(rawValue: 51)
  public static let icmpv6 = Self(rawValue: 58)
  public static let ospf = Self(rawValue: 89)
  public static let vrrp = Self(rawValue: 112)
  public static let sctp = Self(rawValue: 132)

  /// Protocols whose header begins with source and destination port and that a policy names by port.
  public static let withPorts: [Self] = [.tcp, .udp, .sctp]

  public var hasPorts: Bool { Self.withPorts.contains(self) }

  /// Numbers of headers that IPv6 has ahead of a protocol's: hop-by-hop, routing, fragment, no next header, destination
  /// options, mobility, HIP and shim6. `meta l4proto` looks behind them or never sees them.
  package static let extensionHeaders = Set(([0, 43, 44, 59, 60, 135, 139, 140] as [UInt8]).map(Self.init))

  /// Numbers that no protocol has: for experiments (RFC 3692, 2.1), and reserved (IANA "Assigned Internet Protocol Numbers").
  package static let unassigned = Set(([253, 254, 255] as [UInt8]).map(Self.init))

  /// Names of /etc/protocols that a policy may use, in order of number.
  public static let names: [(name: String, value: Self)] = [
    ("icmp", .icmp), ("igmp", .igmp), ("ipip", Self(rawValue: 4)), ("tcp", .tcp), ("udp", .udp),
    ("dccp", Self(rawValue: 33)), ("gre", .gre), ("esp", .esp), ("ah", .ah), ("icmpv6", .icmpv6),
    ("ospf", .ospf), ("pim", Self(rawValue: 103)), ("comp", Self(rawValue: 108)),
    ("vrrp", .vrrp), ("l2tp", Self(rawValue: 115)), ("sctp", .sctp), ("udplite", Self(rawValue: 136)),
  ]

  /// The protocol of that name.
  public init?(name: some StringProtocol) {
    guard let known = Self.names.first(where: { $0.name == name }) else { return nil }
    self = known.value
  }

  /// The name, or the number where there is none.
  public var description: String {
    Self.names.first { $0.value == self }?.name ?? String(rawValue)
  }

  public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}
