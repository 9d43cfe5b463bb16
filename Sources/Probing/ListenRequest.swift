public import Addressing

/// What a listener shall wait for.
public struct ListenRequest: Hashable, Sendable {
  /// TCP ports at which connections are accepted and bytes echoed, in both families.
  public var tcp: [UInt16]
  /// UDP ports at which questions of a ``Probe`` are answered, in both families.
  public var udp: [UInt16]
  /// Protocols whose packets are only counted, by raw sockets: ICMP by type, SCTP by port, others as such.
  public var raw: [IPProtocol]
  /// Groups to join, for ``udp`` and ``raw``.
  public var multicast: [Address]
  /// Where the groups are joined; `nil`: at the first interface that is not the loopback.
  public var interface: String?

  public init(
    tcp: [UInt16] = [], udp: [UInt16] = [], raw: [IPProtocol] = [], multicast: [Address] = [],
    interface: String? = nil
  ) {
    self.tcp = tcp
    self.udp = udp
    self.raw = raw
    self.multicast = multicast
    self.interface = interface
  }
}

/// What arrived from one peer for one port, type or protocol: past the `input` hook of the receiver.
public struct Arrival: Hashable, Sendable {
  public let ipProtocol: IPProtocol
  public let aim: Attempt.Aim
  public let peer: Address
  /// Connections of TCP, packets of all others.
  public let count: Int

  public init(_ ipProtocol: IPProtocol, _ aim: Attempt.Aim, from peer: Address, count: Int) {
    self.ipProtocol = ipProtocol
    self.aim = aim
    self.peer = peer
    self.count = count
  }
}

extension Arrival: CustomStringConvertible {
  /// `udp 53 10.20.1.11 3`: protocol, port or type or `-`, peer, count.
  public var description: String {
    let number =
      switch aim {
      case .port(let port): String(port)
      case .type(let type): String(type)
      case .plain: "-"
      }
    return "\(ipProtocol) \(number) \(peer) \(count)"
  }
}

/// Something that a listener cannot wait for.
public struct Unheard: Hashable, Sendable, CustomStringConvertible {
  public let ipProtocol: IPProtocol
  public let family: AddressFamily
  /// `nil`: the protocol as a whole.
  public let port: UInt16?
  /// Why, in the words of the system; often somebody else listens there already.
  public let reason: String

  public init(_ ipProtocol: IPProtocol, _ family: AddressFamily, port: UInt16?, reason: String) {
    self.ipProtocol = ipProtocol
    self.family = family
    self.port = port
    self.reason = reason
  }

  public var description: String {
    "\(ipProtocol)\(port.map { " \($0)" } ?? "") (\(family == .ipv4 ? "IPv4" : "IPv6")): \(reason)"
  }
}
