internal import Glibc
internal import SystemPackage

@testable internal import Probing

/// A TCP connection of a listener: what comes goes back, and nothing more is read until it has.
final class EchoedConnection {
  let socket: Socket
  private var pending: [UInt8] = []

  init(_ socket: Socket) { self.socket = socket }

  /// What poll(2) shall wait for.
  var events: Int16 { Int16(pending.isEmpty ? POLLIN : POLLOUT) }

  /// Reads or writes what is possible now.
  ///
  /// - Returns: whether the connection goes on.
  func proceed(_ buffer: inout [UInt8]) -> Bool {
    do throws(Errno) {
      if pending.isEmpty {
        guard let message = try socket.receive(&buffer) else { return true }
        if message.data.isEmpty { return false }
        pending = message.data
      }
      pending.removeFirst(try socket.sendSome(pending))
      return true
    } catch {
      return false
    }
  }
}
