internal import CMnl

/// A socket to the kernel's netfilter (`NETLINK_NETFILTER`, netlink(7)): nftables, conntrack.
public final class KernelSocket: Transport {
  /// Owns what libmnl allocated, and closes it.
  @safe private struct Handle: ~Copyable {
    let socket: OpaquePointer

    var descriptor: Int32 { unsafe mnl_socket_get_fd(socket) }

    deinit { _ = unsafe mnl_socket_close(socket) }
  }

  private let handle: Handle
  public let portID: UInt32

  /// Opens the socket and asks for extended acknowledgements (`NETLINK_EXT_ACK`) that leave out the
  /// request they answer (`NETLINK_CAP_ACK`).
  ///
  /// - Parameter receiveQueue: bytes of answers that may wait; the default has room for some thousand
  ///   errors of one batch. Unprivileged processes get at most `net.core.rmem_max`.
  /// - Throws: ``NetlinkError/failed(_:doing:extended:)``.
  public init(receiveQueue: Int32 = 4 << 20) throws(NetlinkError) {
    guard let socket = unsafe mnl_socket_open2(NETLINK_NETFILTER, Int32(SOCK_CLOEXEC.rawValue)) else {
      throw .failed(.current, doing: "open a netlink socket", extended: nil)
    }
    handle = unsafe Handle(socket: socket)
    guard unsafe mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) == 0 else {
      portID = 0
      throw .failed(.current, doing: "bind a netlink socket", extended: nil)
    }
    portID = unsafe mnl_socket_get_portid(socket)
    for option in [NETLINK_EXT_ACK, NETLINK_CAP_ACK] {
      var on: Int32 = 1
      let size = socklen_t(MemoryLayout<Int32>.size)
      guard unsafe mnl_socket_setsockopt(socket, Int32(option), &on, size) == 0 else {
        throw .failed(.current, doing: "ask for extended acknowledgements", extended: nil)
      }
    }
    if !set(SO_RCVBUFFORCE, receiveQueue) { _ = set(SO_RCVBUF, receiveQueue) }
  }

  /// What is waited on: poll(2).
  package var descriptor: Int32 { handle.descriptor }

  /// Lets the socket hear what the kernel tells a group of listeners (`NETLINK_ADD_MEMBERSHIP`, netlink(7)).
  ///
  /// - Throws: ``NetlinkError/failed(_:doing:extended:)``.
  package func join(_ group: UInt32) throws(NetlinkError) {
    var group = group
    let size = socklen_t(MemoryLayout<UInt32>.size)
    guard
      unsafe mnl_socket_setsockopt(handle.socket, Int32(NETLINK_ADD_MEMBERSHIP), &group, size) == 0
    else { throw .failed(.current, doing: "listen to netlink", extended: nil) }
  }

  private func set(_ option: Int32, _ value: Int32) -> Bool {
    var value = value
    let size = socklen_t(MemoryLayout<Int32>.size)
    return unsafe setsockopt(handle.descriptor, SOL_SOCKET, option, &value, size) == 0
  }

  /// What the socket sends at once, in bytes.
  private var sendLimit: Int {
    var value: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    _ = unsafe getsockopt(handle.descriptor, SOL_SOCKET, SO_SNDBUF, &value, &size)
    // netlink_sendmsg() keeps 32 bytes for itself.
    return Int(value) - 32
  }

  public func send(_ bytes: [UInt8]) throws(NetlinkError) {
    if bytes.count > sendLimit {
      let wanted = Int32(clamping: bytes.count + Self.sendSlack)
      if !set(SO_SNDBUFFORCE, wanted) { _ = set(SO_SNDBUF, wanted) }
      guard bytes.count <= sendLimit else { throw .tooLarge(bytes: bytes.count, limit: sendLimit) }
    }
    while true {
      let sent = unsafe bytes.withUnsafeBytes {
        unsafe mnl_socket_sendto(handle.socket, $0.baseAddress, $0.count)
      }
      if sent == bytes.count { return }
      if sent < 0, KernelErrno.current == .interrupted { continue }
      throw .failed(.current, doing: "send to netlink", extended: nil)
    }
  }

  private static let sendSlack = 64 << 10

  public func receive(into buffer: inout [UInt8], patience: Int32) throws(NetlinkError) -> Int? {
    var patience = patience
    while true {
      let flags = Int32(MSG_DONTWAIT) | Int32(MSG_TRUNC)
      let size = unsafe buffer.withUnsafeMutableBytes {
        unsafe recv(handle.descriptor, $0.baseAddress, $0.count, flags)
      }
      if size > buffer.count { throw .malformed(doing: "receive from netlink") }
      if size >= 0 { return size }
      switch KernelErrno.current {
      case .interrupted: continue
      case .noBuffers: throw .overrun
      case .again where patience > 0:
        var wait = pollfd(fd: handle.descriptor, events: Int16(POLLIN), revents: 0)
        _ = unsafe poll(&wait, 1, patience)
        patience = 0
      case .again: return nil
      case let code: throw .failed(code, doing: "receive from netlink", extended: nil)
      }
    }
  }
}
