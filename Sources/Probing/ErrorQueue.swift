internal import Addressing
internal import CLinux
internal import Glibc
internal import SystemPackage

/// What the kernel noted about an error of a socket: ip(7), `IP_RECVERR`.
struct ErrorReport {
  /// An errno value.
  let error: Int32
  /// The ICMP message behind it; `nil`: none, our own kernel found it.
  let icmp: (type: UInt8, code: UInt8)?
  /// Who sent the ICMP message.
  let offender: Address?
  /// The beginning of the packet that it is about, behind its IP header.
  let packet: [UInt8]
}

extension Socket {
  /// Asks the kernel to note errors; it also makes them arrive at sockets that are not connected.
  func noteErrors() throws(Errno) {
    switch family {
    case .ipv4: try set(SocketLevel.ipv4, IP_RECVERR)
    case .ipv6: try set(SocketLevel.ipv6, IPV6_RECVERR)
    }
  }

  /// Takes the oldest note; `nil`: there is none.
  func nextErrorReport() -> ErrorReport? {
    var buffer = [UInt8](repeating: 0, count: 512)
    guard let message = try? receive(&buffer, flags: Int32(MSG_ERRQUEUE)) else { return nil }
    for item in message.control {
      let isReport =
        item.level == SocketLevel.ipv4 && item.type == IP_RECVERR
        || item.level == SocketLevel.ipv6 && item.type == IPV6_RECVERR
      // struct sock_extended_err: u32 errno | u8 origin, type, code, padding | u32 info | u32 data;
      // behind it the offender's address.
      let size = MemoryLayout<sock_extended_err>.size
      guard isReport, item.data.count >= size, let error = native(item.data, at: 0, as: UInt32.self) else {
        continue
      }
      let origin = Int32(item.data[4])
      let isICMP = origin == SO_EE_ORIGIN_ICMP || origin == SO_EE_ORIGIN_ICMP6
      return ErrorReport(
        error: Int32(truncatingIfNeeded: error), icmp: isICMP ? (item.data[5], item.data[6]) : nil,
        offender: SocketAddress(bytes: item.data[size...])?.address, packet: message.data)
    }
    return nil
  }
}
