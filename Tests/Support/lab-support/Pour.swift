import Addressing
import Glibc

/// Sends datagrams to ports of addresses, one behind the other and as fast as it can, and begins a connection to each now and
/// then, until standard input ends.
///
/// Prints `pouring` when it begins.
///
/// - Parameter pause: how long it rests behind some hundred of them, in microseconds.
func pour(_ addresses: [Address], _ ports: [UInt16], pause: UInt32) {
  let ends = addresses.flatMap { address in ports.map { (address, $0) } }
  func made(_ kind: __socket_type, _ address: Address, _ port: UInt16) -> Int32 {
    let family = address.family == .ipv4 ? AF_INET : AF_INET6
    // Nobody waits for what is not answered.
    let socket = socket(family, Int32(kind.rawValue | SOCK_NONBLOCK.rawValue), 0)
    connect(socket, to: address, port)
    return socket
  }
  let sockets = ends.map { made(SOCK_DGRAM, $0, $1) }
  var connections: [Int32] = []
  _ = fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK)
  print("pouring")
  fflush(nil)
  var byte: UInt8 = 0
  while read(STDIN_FILENO, &byte, 1) != 0 {
    for _ in 0..<256 {
      for socket in sockets { _ = Glibc.send(socket, [UInt8(ascii: "x")], 1, Int32(MSG_NOSIGNAL)) }
    }
    connections.forEach { close($0) }
    connections = ends.map { made(SOCK_STREAM, $0, $1) }
    if pause > 0 { usleep(pause) }
  }
}
