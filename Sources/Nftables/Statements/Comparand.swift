public import Addressing

/// What an operand is compared to: the right-hand side of a match.
///
/// Values are bytes in the order of the operand: network order for header fields and the ports and
/// addresses of `ct`, the host's for other numbers of `meta` and `ct`.
public enum Comparand: Hashable, Sendable {
  /// Exactly this value.
  case value([UInt8])
  /// `ct state established,related`: with `equal` at least one of the bits is set, with `notEqual` none.
  case flags([UInt8])
  /// `10.0.0.0/8`, by the number of leading bits; for interface names, of leading characters times 8.
  case prefix([UInt8], length: Int)
  /// From first to last, both included.
  case range([UInt8], [UInt8])
  /// The same asked in one step, as iptables does; nft makes two of it.
  case span([UInt8], [UInt8])
  /// `@name` or `{ … }`.
  case set(SetReference)

  /// A number of one byte, such as an ICMP type, a protocol, a hop limit.
  public static func byte(_ value: UInt8) -> Self { .value([value]) }

  /// A number of four bytes in host order, such as a mark or `fib` type.
  public static func host32(_ value: UInt32) -> Self { .value(hostBytes(value)) }

  public static func ipProtocol(_ value: IPProtocol) -> Self { .byte(value.rawValue) }

  public static func port(_ value: UInt16) -> Self {
    .value([UInt8(value >> 8), UInt8(truncatingIfNeeded: value)])
  }

  /// The ports from first to last; one port is a value.
  public static func ports(_ range: ClosedRange<UInt16>) -> Self {
    range.lowerBound == range.upperBound
      ? .port(range.lowerBound)
      : .range(networkBytes(range.lowerBound), networkBytes(range.upperBound))
  }

  public static func address(_ value: Address) -> Self { .value(value.networkBytes) }

  /// A prefix; one of full width is an address.
  public static func prefix(_ value: Prefix) -> Self {
    value.length == value.family.bitWidth
      ? .address(value.address) : .prefix(value.address.networkBytes, length: value.length)
  }

  /// `NFPROTO_IPV4` or `NFPROTO_IPV6` for `meta nfproto`.
  public static func family(_ value: AddressFamily) -> Self {
    .byte((value == .ipv4 ? Family.ipv4 : Family.ipv6).rawValue)
  }

  /// A point in time for `meta time`, in seconds since 1970.
  public static func time(seconds: UInt64) -> Self { .value(hostBytes(seconds &* 1_000_000_000)) }

  public static func direction(_ value: ConntrackDirection) -> Self { .byte(value.rawValue) }

  /// `ct state` with any of these.
  public static func states(_ value: ConntrackState) -> Self { .flags(hostBytes(value.rawValue)) }

  /// Exactly this one of `ct state`: a packet has one.
  public static func state(_ value: ConntrackState) -> Self { .value(hostBytes(value.rawValue)) }

  /// `ct status` with any of these.
  public static func status(_ value: ConntrackStatus) -> Self { .flags(hostBytes(value.rawValue)) }

  /// Exactly these TCP flags (of those that a mask lets through).
  public static func tcpFlags(_ value: TCPFlags) -> Self { .byte(value.rawValue) }

  /// The interface `lo`, which has index 1 in every network namespace (`LOOPBACK_IFINDEX`).
  public static let loopback = Self.host32(1)

  /// The routing table's answer "an address of one host elsewhere" (`RTN_UNICAST`).
  public static let unicast = Self.host32(1)

  /// The routing table's answer "an address of this host" (`RTN_LOCAL`).
  public static let local = Self.host32(2)

  /// A set by its name.
  public static func named(_ name: SetName) -> Self { .set(.named(name)) }

  /// `{ … }` of single values.
  public static func inline(_ type: DataType, _ values: [[UInt8]]) -> Self {
    .set(.inline(InlineSet(type, values)))
  }

  /// `{ tcp, udp }`.
  public static func protocols(_ values: [IPProtocol]) -> Self {
    .inline(.inetProto, values.map { [$0.rawValue] })
  }

  /// `{ nd-router-solicit, … }`.
  public static func icmpTypes(_ family: AddressFamily, _ values: [UInt8]) -> Self {
    .inline(family == .ipv4 ? .icmpType : .icmpv6Type, values.map { [$0] })
  }

  /// `{ 10.0.0.0/8, … }`: not empty, and disjoint.
  public static func prefixes(_ values: [Prefix]) -> Self { .set(.inline(InlineSet(prefixes: values))) }
}

/// Bits of `ct status` (`IPS_*`, linux/netfilter/nf_conntrack_common.h), host order.
public struct ConntrackStatus: OptionSet, Hashable, Sendable {
  public let rawValue: UInt32

  public init(rawValue: UInt32) { self.rawValue = rawValue }

  public static let expected = Self(rawValue: 1)
  public static let seenReply = Self(rawValue: 2)
  public static let assured = Self(rawValue: 4)
  public static let confirmed = Self(rawValue: 8)
  public static let snat = Self(rawValue: 16)
  public static let dnat = Self(rawValue: 32)
  public static let dying = Self(rawValue: 512)
}

extension InlineSet {
  /// Single values of one type; repeated ones count once.
  public init(_ type: DataType, _ values: [[UInt8]]) {
    let unique = Set(values).sorted { $0.lexicographicallyPrecedes($1) }
    self.init(
      key: [type],
      elements: SetElements(keyLength: unique.first?.count ?? 1, keys: unique.flatMap { $0 }))
  }

  /// Prefixes of one family, not overlapping; an interval set unless all are single addresses.
  public init(prefixes: [Prefix]) {
    let sorted = prefixes.sorted()
    let isInterval = sorted.contains { $0.length != $0.family.bitWidth }
    let family = sorted.first?.family ?? .ipv4
    self.init(
      key: [family == .ipv4 ? .ipv4Address : .ipv6Address], flags: isInterval ? .interval : [],
      elements: SetElements(
        keyLength: family.byteCount, keys: sorted.flatMap(\.address.networkBytes),
        lastKeys: isInterval ? sorted.flatMap(\.last.networkBytes) : nil))
  }

  /// `{ established : accept, … }`: an inline verdict map of states, in host order.
  public init(states: [(ConntrackState, Verdict)]) {
    let pairs = states.map { (key: hostBytes($0.0.rawValue), verdict: $0.1) }
    self.init(
      key: [.ctState], data: [.verdict],
      elements: SetElements(
        keyLength: 4, keys: pairs.flatMap(\.key), payload: .verdicts(pairs.map(\.verdict))))
  }
}

func hostBytes(_ value: some FixedWidthInteger) -> [UInt8] {
  #if _endian(little)
    littleEndianBytes(value)
  #else
    littleEndianBytes(value).reversed()
  #endif
}

func networkBytes(_ value: some FixedWidthInteger) -> [UInt8] { littleEndianBytes(value).reversed() }

private func littleEndianBytes<Number: FixedWidthInteger>(_ value: Number) -> [UInt8] {
  (0..<Number.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> Number($0 * 8)) }
}
