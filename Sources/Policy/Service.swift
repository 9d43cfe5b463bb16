public import Addressing
public import Diagnostics

/// What of a protocol a service covers. "Any" is a case of its own: a set of ports is never empty.
public enum ServiceMatch: Hashable, Sendable {
  /// All of a protocol that has no ports or types, such as ESP.
  case any
  /// Destination ports of TCP, UDP or SCTP.
  case ports(PortSet)
  /// Message types of ICMP (IPv4) or ICMPv6.
  case types(IntervalSet<UInt8>)
}

/// One protocol of a service.
public struct ServiceTerm: Hashable, Sendable {
  public let ipProtocol: IPProtocol
  public let match: ServiceMatch

  public init(_ ipProtocol: IPProtocol, _ match: ServiceMatch) {
    self.ipProtocol = ipProtocol
    self.match = match
  }

  /// The families the term can occur in: ICMP is of one family each, the rest of both.
  public var families: [AddressFamily] {
    switch ipProtocol {
    case .icmp: [.ipv4]
    case .icmpv6: [.ipv6]
    default: AddressFamily.allCases
    }
  }
}

/// Index of a service in ``Policy/services``; services are sorted by name.
public struct ServiceID: Hashable, Comparable, Sendable {
  public let index: Int

  public init(_ index: Int) { self.index = index }

  public static func < (a: Self, b: Self) -> Bool { a.index < b.index }
}

/// A named protocol with ports or ICMP types.
public struct Service: Hashable, Sendable {
  public let name: String
  /// Not empty; one term a protocol, ascending by protocol number.
  public let terms: [ServiceTerm]
  /// Multicast groups that requests are sent to; empty for a unicast service.
  ///
  /// A request to a group opens the groups in the source's egress.
  public let multicast: AddressSet
  /// Ports of the requester at which answers to a multicast request arrive; `nil`: none are awaited.
  ///
  /// A member answers from its own address and the service's port, which connection tracking calls a
  /// new connection, because the request went to the group.
  public let replies: PortSet?
  /// Whether requests go to an IPv6 group of one link. Its members then speak from their link-local addresses: the
  /// kernel chooses them for such a destination (RFC 6724, 5), and VRRP demands it (RFC 5798, 5.1.2.2).
  public let isOfLink: Bool
  /// Whether members also speak to each other's link-local addresses: neighbours of OSPF exchange their databases there
  /// (RFC 5340, 4.2.1 and A.1), after they have met in the group.
  public var speaksToNeighbours: Bool { isOfLink && terms.contains { $0.ipProtocol == .ospf } }
  public let location: SourceLocation

  public init(
    name: String, terms: [ServiceTerm], multicast: AddressSet, replies: PortSet? = nil,
    location: SourceLocation
  ) {
    self.name = name
    self.terms = terms
    self.multicast = multicast
    self.replies = replies
    isOfLink = !multicast.intersection(.linkGroups).isEmpty(.ipv6)
    self.location = location
  }
}
