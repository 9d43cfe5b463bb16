public import Addressing

/// A packet as the rules of one hook see it: real header bytes, and what the kernel knows beside them.
public struct Packet: Hashable, Sendable {
  public var family: AddressFamily
  /// Transport protocol, behind extension headers.
  public var ipProtocol: IPProtocol
  /// From the first byte of the IP header.
  public var network: [UInt8]
  /// From the first byte of the transport header.
  public var transport: [UInt8]
  /// Interface index; 1 is the loopback in every network namespace (`LOOPBACK_IFINDEX`, linux/net.h).
  public var inputInterface: UInt32?
  public var outputInterface: UInt32?
  /// Names of the interfaces; empty where there is none, and where no rule's name is meant.
  public var inputInterfaceName = ""
  public var outputInterfaceName = ""
  public var state: ConntrackState = .new
  public var direction: ConntrackDirection = .original
  /// `IPS_*` bits of linux/netfilter/nf_conntrack_common.h; `IPS_DST_NAT` is 32.
  public var status: UInt32 = 0
  /// Destination port of the connection's first packet before address translation.
  public var originalPort: UInt16?
  /// What other rules have written to `meta mark`.
  public var mark: UInt32 = 0
  /// Nanoseconds since 1970.
  public var time: UInt64 = 0
  /// Addresses that the host calls its own.
  public var localAddresses: [Address] = []

  public static let loopback: UInt32 = 1

  /// A packet with plain headers, without options or extension headers.
  public init(
    from source: Address, to destination: Address, _ ipProtocol: IPProtocol, transport: [UInt8],
    hopLimit: UInt8 = 64, inputInterface: UInt32? = nil, outputInterface: UInt32? = nil
  ) {
    family = source.family
    self.ipProtocol = ipProtocol
    self.transport = transport
    self.inputInterface = inputInterface
    self.outputInterface = outputInterface
    let length = UInt16(truncatingIfNeeded: transport.count)
    switch family {
    case .ipv4:
      let total = length &+ 20
      network =
        [0x45, 0, UInt8(total >> 8), UInt8(total & 0xff), 0, 0, 0, 0, hopLimit, ipProtocol.rawValue, 0, 0]
        + source.networkBytes + destination.networkBytes
    case .ipv6:
      network =
        [0x60, 0, 0, 0, UInt8(length >> 8), UInt8(length & 0xff), ipProtocol.rawValue, hopLimit]
        + source.networkBytes + destination.networkBytes
    }
  }

  /// A TCP, UDP or SCTP header that opens a connection: a TCP header has SYN alone.
  public static func transportHeader(_ ipProtocol: IPProtocol, source: UInt16, destination: UInt16) -> [UInt8]
  {
    let ports = [source >> 8, source & 0xff, destination >> 8, destination & 0xff].map { UInt8($0) }
    return ipProtocol == .tcp
      ? ports + [0, 0, 0, 1, 0, 0, 0, 0, 0x50, 0x02, 0xff, 0xff, 0, 0, 0, 0] : ports + [0, 8, 0, 0]
  }
}
