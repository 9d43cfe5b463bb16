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
      // struct ip_mreqn: group | own address | interface index.
      try set(
        SocketLevel.ipv4, IP_MULTICAST_IF, bytes: [UInt8](repeating: 0, count: 8) + withNative(interface))
    case .ipv6:
      try set(SocketLevel.ipv6, IPV6_MULTICAST_IF, to: Int32(bitPattern: interface))
    }
  }
}
