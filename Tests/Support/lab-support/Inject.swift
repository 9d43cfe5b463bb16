import Glibc

/// Sends whole packets, each a line of hexadecimal digits from the first byte of its IP header, as they are.
///
/// They cross the `output` hook like those of any program, so that rules of egress see them too.
func inject() {
  while let line = readLine() {
    print(send(hexadecimal: line))
    fflush(nil)
  }
}

/// `sent`, or why not.
private func send(hexadecimal line: String) -> String {
  var bytes: [UInt8] = []
  var digits = Substring(line)
  while !digits.isEmpty {
    guard let byte = UInt8(digits.prefix(2), radix: 16) else { return "not hexadecimal" }
    bytes.append(byte)
    digits = digits.dropFirst(2)
  }
  guard let first = bytes.first, bytes.count >= (first >> 4 == 4 ? 20 : 40) else { return "too short" }
  let isIPv4 = first >> 4 == 4
  // IPPROTO_RAW means that the header is the sender's own: raw(7), and for IPv6 rawv6_sendmsg().
  let socket = socket(isIPv4 ? AF_INET : AF_INET6, Int32(SOCK_RAW.rawValue), Int32(IPPROTO_RAW))
  guard socket >= 0 else { return String(cString: strerror(errno)) }
  defer { close(socket) }
  let sent: Int
  if isIPv4 {
    var destination = sockaddr_in()
    destination.sin_family = sa_family_t(AF_INET)
    withUnsafeMutableBytes(of: &destination.sin_addr) { $0.copyBytes(from: bytes[16..<20]) }
    sent = withUnsafePointer(to: &destination) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        sendto(socket, bytes, bytes.count, 0, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  } else {
    var destination = sockaddr_in6()
    destination.sin6_family = sa_family_t(AF_INET6)
    withUnsafeMutableBytes(of: &destination.sin6_addr) { $0.copyBytes(from: bytes[24..<40]) }
    sent = withUnsafePointer(to: &destination) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        sendto(socket, bytes, bytes.count, 0, $0, socklen_t(MemoryLayout<sockaddr_in6>.size))
      }
    }
  }
  return sent == bytes.count ? "sent" : String(cString: strerror(errno))
}
