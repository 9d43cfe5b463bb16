public import Addressing

/// What a rule makes of a connection's addresses and ports (`nf_nat_range2`, linux/netfilter/nf_nat.h).
public struct TranslationRange: Hashable, Sendable {
  /// Which end, and what it becomes.
  public enum Kind: Hashable, Sendable {
    case source
    case destination
    /// The source becomes the address of the interface that the packet leaves by.
    case masquerade
    /// The destination becomes this host.
    case redirect
    /// A prefix becomes another, host by host.
    case netmap
  }

  public let kind: Kind
  /// One of these; `nil`: as it was, or as the kind says.
  public let addresses: ClosedRange<Address>?
  /// One of these; `nil`: as it was, unless two connections would collide.
  public let ports: ClosedRange<UInt16>?
  /// `NF_NAT_RANGE_*`.
  public let flags: UInt32

  public init(
    _ kind: Kind, addresses: ClosedRange<Address>? = nil, ports: ClosedRange<UInt16>? = nil,
    flags: UInt32 = 0
  ) {
    self.kind = kind
    self.addresses = addresses
    self.ports = ports
    self.flags = flags
  }
}
