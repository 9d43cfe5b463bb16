import Addressing
import Glibc

/// Sends datagrams to ports of an address, one behind the other and as fast as it can, until standard input ends.
///
/// Prints `pouring` when it begins.
func pour(_ address: Address, _ ports: [UInt16]) {
  let sockets = ports.map { port in
    let socket = socket(address.family == .ipv4 ? AF_INET : AF_INET6, Int32(SOCK_DGRAM.rawValue), 0)
    connect(socket, to: address, port)
    return socket
  }
  _ = fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK)
  print("pouring")
  fflush(nil)
  var byte: UInt8 = 0
  while read(STDIN_FILENO, &byte, 1) != 0 {
    for _ in 0..<64 {
      for socket in sockets { _ = Glibc.send(socket, [UInt8(ascii: "x")], 1, Int32(MSG_NOSIGNAL)) }
    }
  }
}
