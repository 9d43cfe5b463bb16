internal import Addressing
internal import CLinux
internal import Glibc
internal import Machine
internal import SystemPackage

/// A socket that never blocks and is closed with its last reference.
final class Socket {
  let descriptor: Int32
  let family: AddressFamily

  /// - Parameters:
  ///   - kind: `SOCK_STREAM`, `SOCK_DGRAM` or `SOCK_RAW`.
  ///   - ipProtocol: 0 lets the kernel take the usual one.
  init(_ family: AddressFamily, _ kind: __socket_type, _ ipProtocol: Int32 = 0) throws(Errno) {
    let flags = Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    descriptor = socket(family == .ipv4 ? AF_INET : AF_INET6, Int32(kind.rawValue) | flags, ipProtocol)
    self.family = family
    if descriptor < 0 { throw .last }
  }

  /// Takes over a descriptor that accept(2) gave.
  init(accepted descriptor: Int32, _ family: AddressFamily) {
    self.descriptor = descriptor
    self.family = family
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// setsockopt(2) with an int, or with any bytes.
  func set(_ level: Int32, _ option: Int32, to value: Int32 = 1) throws(Errno) {
    try set(level, option, bytes: withNative(value))
  }

  func set(_ level: Int32, _ option: Int32, bytes: [UInt8]) throws(Errno) {
    guard unsafe setsockopt(descriptor, level, option, bytes, socklen_t(bytes.count)) == 0 else {
      throw .last
    }
  }

  func bind(to endpoint: SocketAddress) throws(Errno) {
    let failed = unsafe endpoint.withSocketAddress { unsafe Glibc.bind(descriptor, $0, $1) != 0 }
    if failed { throw .last }
  }

  /// - Throws: also for a connection that is merely under way: `EINPROGRESS`.
  func connect(to endpoint: SocketAddress) throws(Errno) {
    let failed = unsafe endpoint.withSocketAddress { unsafe Glibc.connect(descriptor, $0, $1) != 0 }
    if failed { throw .last }
  }

  /// The error that waits on the socket, which it forgets by that: `SO_ERROR`; 0 for none.
  var pendingError: Int32 {
    var value: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    _ = unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &value, &length)
    return value
  }

  /// Sends one message; to the connected peer when there is no destination.
  func send(
    _ data: [UInt8], to destination: SocketAddress? = nil, control: [UInt8] = []
  ) throws(Errno) {
    let address = destination?.bytes ?? []
    let sent = unsafe sekisho_send(
      descriptor, address, socklen_t(address.count), data, data.count, control, control.count,
      Int32(MSG_NOSIGNAL))
    if sent < 0 { throw .last }
  }

  /// Sends the beginning of the data, as much as the connection takes now.
  ///
  /// - Returns: how many bytes; 0 when it takes none.
  func sendSome(_ data: [UInt8]) throws(Errno) -> Int {
    let sent = unsafe Glibc.send(descriptor, data, data.count, Int32(MSG_NOSIGNAL))
    if sent >= 0 { return sent }
    if [.resourceTemporarilyUnavailable, .interrupted].contains(Errno.last) { return 0 }
    throw .last
  }

  /// Receives one message; `nil`: none is there.
  func receive(_ buffer: inout [UInt8], flags: Int32 = 0) throws(Errno) -> ReceivedMessage? {
    var address = [UInt8](repeating: 0, count: MemoryLayout<sockaddr_storage>.size)
    var addressLength = socklen_t(address.count)
    var control = [UInt8](repeating: 0, count: 512)
    var controlLength = control.count
    let count = unsafe sekisho_receive(
      descriptor, &address, &addressLength, &buffer, buffer.count, &control, &controlLength, flags)
    if count < 0 {
      if [.resourceTemporarilyUnavailable, .interrupted].contains(Errno.last) { return nil }
      throw .last
    }
    return ReceivedMessage(
      data: Array(buffer[..<min(count, buffer.count)]),
      peer: SocketAddress(bytes: address[..<min(Int(addressLength), address.count)]),
      address: Array(address[..<min(Int(addressLength), address.count)]),
      control: ControlMessage.list(Array(control[..<min(controlLength, control.count)])))
  }
}

/// What recvmsg(2) gave.
struct ReceivedMessage {
  let data: [UInt8]
  let peer: SocketAddress?
  /// The structure that holds the peer, of whatever family.
  let address: [UInt8]
  let control: [ControlMessage]
}

extension SocketAddress {
  fileprivate func withSocketAddress<Result>(
    _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
  ) -> Result {
    let bytes = bytes
    // The kernel copies the bytes and asks for no alignment.
    var storage = sockaddr_storage()
    unsafe withUnsafeMutableBytes(of: &storage) { unsafe $0.copyBytes(from: bytes) }
    return unsafe withUnsafePointer(to: &storage) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe body($0, socklen_t(bytes.count))
      }
    }
  }
}

/// Levels of socket options.
enum SocketLevel {
  static let ipv4 = Int32(IPPROTO_IP)
  static let ipv6 = Int32(IPPROTO_IPV6)
}
