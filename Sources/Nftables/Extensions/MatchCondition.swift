public import Addressing

/// An option of a match extension (iptables-extensions(8)), perhaps behind a `!`.
public struct MatchCondition: Hashable, Sendable {
  public let isInverted: Bool
  public let option: MatchOption

  public init(_ option: MatchOption, isInverted: Bool = false) {
    self.option = option
    self.isInverted = isInverted
  }
}

/// Which end of a packet or connection is meant.
public enum MatchEnd: Hashable, Sendable {
  case source
  case destination
  /// One of both (`--ports`).
  case either
}

/// What an option asks of a packet.
public enum MatchOption: Hashable, Sendable {
  /// `--ctstate`, `--state`: one of these states, or an address that is translated (`IPS_SRC_NAT`, `IPS_DST_NAT`).
  case connectionState(ConntrackState, translated: UInt32)
  /// `--ctstatus`: one of these `IPS_*` bits; with none of them (`NONE`) it never holds.
  case connectionStatus(UInt32)
  /// `--ctproto`
  case connectionProtocol(IPProtocol)
  /// `--ctdir`
  case connectionDirection(ConntrackDirection)
  /// `--ctorigsrc` and its like: the bits of the mask are those of the address, both in network order.
  case connectionAddress(ConntrackDirection, MatchEnd, [UInt8], mask: [UInt8])
  /// `--ctorigsrcport` and its like.
  case connectionPort(ConntrackDirection, MatchEnd, ClosedRange<UInt16>)
  /// `--ctexpire`, in seconds.
  case connectionExpiry(ClosedRange<UInt32>)
  /// `--sport`, `--dports`: one of these.
  case ports(MatchEnd, [ClosedRange<UInt16>])
  /// `--tcp-flags`: of those in the mask, these are set.
  case tcpFlags(TCPFlags, mask: TCPFlags)
  /// `--tcp-option`
  case tcpOption(UInt8)
  /// `--icmp-type`, `--icmpv6-type`; `nil`: any.
  case icmpType(UInt8?, codes: ClosedRange<UInt8>)
  /// `--src-type`, `--dst-type`: one of these `RTN_*` numbers, perhaps as only the packet's interface sees it.
  case addressType(MatchEnd, [UInt32], FibFlags)
  /// `--src-range`, `--dst-range`
  case addresses(MatchEnd, ClosedRange<Address>)
  /// `--mark` of the packet or, in `connmark`, of its connection.
  case mark(UInt32, mask: UInt32, ofConnection: Bool)
  /// `--length` of the packet from its IP header on, in bytes.
  case length(ClosedRange<UInt16>)
  /// `--ttl-eq`, `--hl-lt` and their like.
  case hopLimit(ComparisonOperator, UInt8)
  /// `--dscp`
  case dscp(UInt8)
  /// `--pkt-type`, a `PACKET_*` number.
  case packetType(UInt32)
  /// `--uid-owner`, `--gid-owner` of the socket that sent the packet.
  case owner(ClosedRange<UInt32>, isGroup: Bool)
  /// `--comment`: holds for every packet.
  case comment(String)
}
