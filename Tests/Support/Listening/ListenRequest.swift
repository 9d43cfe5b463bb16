package import Addressing

/// What a listener shall wait for.
package struct ListenRequest: Hashable, Sendable {
  /// TCP ports at which connections are accepted and bytes echoed, in both families.
  package var tcp: [UInt16]
  /// UDP ports at which questions of a probe are answered, in both families.
  package var udp: [UInt16]
  /// Protocols whose packets are only counted, by raw sockets: ICMP by type, SCTP by port, others as such.
  package var raw: [IPProtocol]
  /// Groups to join, for ``udp`` and ``raw``.
  package var multicast: [Address]
  /// Where the groups are joined; `nil`: at the first interface that is not the loopback.
  package var interface: String?

  package init(
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
