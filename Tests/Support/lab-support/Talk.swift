import Addressing
import Glibc

/// Holds a connection of TCP to a listener that echoes over a moment: a byte goes through it at once, and
/// another one after that moment.
///
/// - Parameters:
///   - moment: seconds since 1970.
/// Prints `echo`, `silent` when nothing comes back in two seconds, or `closed` for each of the two.
func talk(_ address: Address, _ port: UInt16, over moment: Int) {
  let socket = connected(address, port)
  defer { close(socket) }
  print(answer(socket))
  fflush(nil)
  while time(nil) <= moment { usleep(100_000) }
  print(answer(socket))
}

private func answer(_ socket: Int32) -> String {
  _ = Glibc.send(socket, [UInt8(ascii: "x")], 1, Int32(MSG_NOSIGNAL))
  var descriptor = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
  guard poll(&descriptor, 1, 2000) > 0 else { return "silent" }
  var byte = [UInt8](repeating: 0, count: 1)
  return recv(socket, &byte, 1, 0) == 1 ? "echo" : "closed"
}

func connected(_ address: Address, _ port: UInt16) -> Int32 {
  let socket = socket(address.family == .ipv4 ? AF_INET : AF_INET6, Int32(SOCK_STREAM.rawValue), 0)
  // A lost SYN is sent again after one second and after three.
  var limit = timeval(tv_sec: 5, tv_usec: 0)
  setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
  connect(socket, to: address, port)
  return socket
}

/// Connects a socket of the address's family.
func connect(_ socket: Int32, to address: Address, _ port: UInt16) {
  onAddress(address, port) { _ = Glibc.connect(socket, $0, $1) }
}

/// Does something with an address as the system wants it.
func onAddress(_ address: Address, _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Void) {
  if address.family == .ipv4 {
    var end = sockaddr_in()
    end.sin_family = sa_family_t(AF_INET)
    end.sin_port = port.bigEndian
    withUnsafeMutableBytes(of: &end.sin_addr) { $0.copyBytes(from: address.networkBytes) }
    withUnsafePointer(to: &end) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  } else {
    var end = sockaddr_in6()
    end.sin6_family = sa_family_t(AF_INET6)
    end.sin6_port = port.bigEndian
    withUnsafeMutableBytes(of: &end.sin6_addr) { $0.copyBytes(from: address.networkBytes) }
    withUnsafePointer(to: &end) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body($0, socklen_t(MemoryLayout<sockaddr_in6>.size))
      }
    }
  }
}
