import Addressing
import Glibc

/// One end of a session of TCP that says nothing for long.
///
/// Prints `quiet` when the session is there. With a file it sends a byte when that is there, and ends with standard input;
/// without one it prints `heard`, or `silent` when nothing has come ten seconds after the end of standard input.
func beQuiet(_ socket: Int32, untilThereIs file: String?) {
  defer { close(socket) }
  print("quiet")
  fflush(nil)
  guard let file else {
    while readLine() != nil {}
    var descriptor = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
    var byte = [UInt8](repeating: 0, count: 1)
    print(poll(&descriptor, 1, 10_000) > 0 && recv(socket, &byte, 1, 0) == 1 ? "heard" : "silent")
    return
  }
  while access(file, F_OK) != 0 { usleep(10_000) }
  _ = Glibc.send(socket, [UInt8(ascii: "x")], 1, Int32(MSG_NOSIGNAL))
  while readLine() != nil {}
}

/// The connection that comes to a port when others have come, which stay open.
func accepted(_ family: AddressFamily, _ port: UInt16, behind others: Int = 0) -> Int32 {
  let listener = socket(family == .ipv4 ? AF_INET : AF_INET6, Int32(SOCK_STREAM.rawValue), 0)
  var on: Int32 = 1
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
  onAddress(Address(family, 0), port) { _ = Glibc.bind(listener, $0, $1) }
  listen(listener, 8)
  print("listening")
  fflush(nil)
  for _ in 0..<others { _ = fcntl(accept(listener, nil, nil), F_SETFD, FD_CLOEXEC) }
  return accept(listener, nil, nil)
}
