internal import Addressing
internal import Glibc
internal import SystemPackage

extension Address {
  var isMulticast: Bool { Prefix.multicast.contains { $0.contains(self) } }

  var isLinkLocal: Bool { Prefix.ipv6LinkLocal.contains(self) }

  /// Whether the address alone does not say through which interface it is reached.
  var needsInterface: Bool { isMulticast || isLinkLocal }
}

extension Socket {
  /// Sends multicast through that interface.
  func sendMulticast(through interface: UInt32) throws(Errno) {
    switch family {
    case .ipv4:
      try set(SocketLevel.ipv4, IP_MULTICAST_IF, bytes: Self.membership(Address(.ipv4, 0), interface))
    case .ipv6:
      try set(SocketLevel.ipv6, IPV6_MULTICAST_IF, to: Int32(bitPattern: interface))
    }
  }

  /// Receives what is sent to a group through that interface.
  func join(_ group: Address, through interface: UInt32) throws(Errno) {
    switch family {
    case .ipv4:
      try set(SocketLevel.ipv4, IP_ADD_MEMBERSHIP, bytes: Self.membership(group, interface))
    case .ipv6:
      // struct ipv6_mreq: group | interface index.
      try set(
        SocketLevel.ipv6, IPV6_ADD_MEMBERSHIP, bytes: group.networkBytes + withNative(interface))
    }
  }

  /// struct ip_mreqn: group | own address | interface index.
  private static func membership(_ group: Address, _ interface: UInt32) -> [UInt8] {
    group.networkBytes + [0, 0, 0, 0] + withNative(interface)
  }
}
