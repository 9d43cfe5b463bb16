import Addressing
import Glibc

/// Keeps connections of TCP to listeners that echo, one for each `ADDRESS PORT` argument pair, and sends a byte
/// through each of them whenever a line comes in.
///
/// Prints `connected`, or why not; then for each line one line with a word for each connection: `echo`, `silent`
/// when nothing comes back in two seconds, `closed`.
func talk(_ ends: [String]) throws {
  var sockets: [Int32] = []
  for index in stride(from: 0, to: ends.count - 1, by: 2) {
    let address = try Address(parsing: ends[index])
    guard let port = UInt16(ends[index + 1]) else { continue }
    sockets.append(connected(address, port))
  }
  print(sockets.contains { $0 < 0 } ? "not connected: \(String(cString: strerror(errno)))" : "connected")
  fflush(nil)
  while readLine() != nil {
    for socket in sockets { _ = Glibc.send(socket, [UInt8(ascii: "x")], 1, Int32(MSG_NOSIGNAL)) }
    print(sockets.map(answer).joined(separator: " "))
    fflush(nil)
  }
}

private func answer(_ socket: Int32) -> String {
  var descriptor = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
  guard poll(&descriptor, 1, 2000) > 0 else { return "silent" }
  var byte = [UInt8](repeating: 0, count: 1)
  return recv(socket, &byte, 1, 0) == 1 ? "echo" : "closed"
}

private func connected(_ address: Address, _ port: UInt16) -> Int32 {
  let isIPv4 = address.family == .ipv4
  let socket = socket(isIPv4 ? AF_INET : AF_INET6, Int32(SOCK_STREAM.rawValue), 0)
  // SYN is sent again after one and three seconds.
  var limit = timeval(tv_sec: 5, tv_usec: 0)
  setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
  let result: Int32
  if isIPv4 {
    var end = sockaddr_in()
    end.sin_family = sa_family_t(AF_INET)
    end.sin_port = port.bigEndian
    withUnsafeMutableBytes(of: &end.sin_addr) { $0.copyBytes(from: address.networkBytes) }
    result = withUnsafePointer(to: &end) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  } else {
    var end = sockaddr_in6()
    end.sin6_family = sa_family_t(AF_INET6)
    end.sin6_port = port.bigEndian
    withUnsafeMutableBytes(of: &end.sin6_addr) { $0.copyBytes(from: address.networkBytes) }
    result = withUnsafePointer(to: &end) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in6>.size))
      }
    }
  }
  return result == 0 ? socket : -1
}
