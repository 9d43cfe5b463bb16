/// What a statement reads from a packet: the left-hand side of a match, the key of a map (nft(8),
/// "primary expressions").
public indirect enum Operand: Hashable, Sendable {
  /// `meta KEY`.
  case meta(MetaKey)
  /// A field of a protocol header by its name: `tcp dport`, `ip saddr`, `th dport`.
  case field(HeaderField)
  /// `@th,16,16`: bits of a header by place, for what has no name.
  case raw(PayloadBase, offset: Int, length: Int)
  /// `ct KEY`, `ct original KEY`.
  case conntrack(ConntrackKey, ConntrackDirection?)
  /// `fib saddr type`.
  case fib(FibFlags, FibResult)
  /// `meta l4proto . th dport`: at least two operands, none of them a concatenation.
  case concatenation([Operand])
  /// `tcp flags & (fin | syn)`: `operand & mask ^ xor`, bytes in the order of the operand.
  case masked(Operand, mask: [UInt8], xor: [UInt8])
  /// `meta mark << 8`.
  case shifted(Operand, left: Bool, bits: UInt32)

  public static let iif = Self.meta(.inputInterface)
  public static let oif = Self.meta(.outputInterface)
  public static let iifname = Self.meta(.inputInterfaceName)
  public static let oifname = Self.meta(.outputInterfaceName)
  public static let nfProto = Self.meta(.nfProto)
  public static let l4Proto = Self.meta(.l4Proto)
  /// `meta time`: seconds since 1970 in nft's text, nanoseconds in the kernel.
  public static let time = Self.meta(.timeNanoseconds)

  public static let ctState = Self.conntrack(.state, nil)
  public static let ctStatus = Self.conntrack(.status, nil)
  public static let ctDirection = Self.conntrack(.direction, nil)
  /// `ct original proto-dst`: the port the client asked for, before any address translation.
  public static let ctOriginalDport = Self.conntrack(.destinationPort, .original)
  /// `fib saddr type`: what the routing table says the source is, such as an address of our own.
  public static let fibSaddrType = Self.fib(.source, .addressType)
  public static let fibDaddrType = Self.fib(.destination, .addressType)

  public static let ipSaddr = Self.field(.ipSaddr)
  public static let ipDaddr = Self.field(.ipDaddr)
  public static let ip6Saddr = Self.field(.ip6Saddr)
  public static let ip6Daddr = Self.field(.ip6Daddr)
  public static let ip6Hoplimit = Self.field(.ip6Hoplimit)
  public static let tcpSport = Self.field(.tcpSport)
  public static let tcpDport = Self.field(.tcpDport)
  public static let tcpFlags = Self.field(.tcpFlags)
  public static let udpSport = Self.field(.udpSport)
  public static let udpDport = Self.field(.udpDport)
  public static let sctpSport = Self.field(.sctpSport)
  public static let sctpDport = Self.field(.sctpDport)
  /// The port of any transport protocol that has ports.
  public static let thSport = Self.field(.thSport)
  public static let thDport = Self.field(.thDport)
  public static let icmpType = Self.field(.icmpType)
  public static let icmpv6Type = Self.field(.icmpv6Type)

  /// `operand & mask`.
  public static func masked(_ operand: Operand, mask: [UInt8]) -> Self {
    .masked(operand, mask: mask, xor: Array(repeating: 0, count: mask.count))
  }

  /// `tcp flags & (…)`.
  public static func tcpFlags(_ mask: TCPFlags) -> Self { .masked(.tcpFlags, mask: [mask.rawValue]) }
}
