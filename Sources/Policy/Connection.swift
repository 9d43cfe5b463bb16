public import Addressing

/// The first packet of a connection, as a policy judges it.
public struct Connection: Hashable, Sendable {
  public let source: Address
  public let destination: Address
  public let ipProtocol: IPProtocol
  /// Where the protocol's messages differ.
  public let kind: Kind

  /// What tells the connections of one protocol apart.
  public enum Kind: Hashable, Sendable {
    /// TCP, UDP, SCTP.
    case ports(source: UInt16, destination: UInt16)
    /// ICMP and ICMPv6: the message type.
    case type(UInt8)
    /// Everything else.
    case plain
  }

  /// The ends must be of one family.
  public init(from source: Address, to destination: Address, _ ipProtocol: IPProtocol, _ kind: Kind) {
    precondition(source.family == destination.family, "a connection has one family")
    self.source = source
    self.destination = destination
    self.ipProtocol = ipProtocol
    self.kind = kind
  }

  public var family: AddressFamily { source.family }
}
