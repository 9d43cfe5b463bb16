internal import Glibc
internal import Machine
internal import SystemPackage

/// One end of a stream between two processes, spoken in lines.
///
/// A socket and not a pipe, so that writing to a peer that has died is an error and not a signal.
final class LineStream: Sendable {
  let descriptor: FileDescriptor

  /// Takes over a descriptor; it is closed with the last reference.
  init(_ descriptor: FileDescriptor) { self.descriptor = descriptor }

  deinit { try? descriptor.close() }

  /// Sends everything, or as much as the peer takes before it goes away.
  func send(_ text: String) {
    let bytes = Array(text.utf8)
    var sent = 0
    while sent < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { buffer in
        unsafe Glibc.send(
          descriptor.rawValue, UnsafeRawBufferPointer(rebasing: buffer[sent...]).baseAddress,
          buffer.count - sent,
          Int32(MSG_NOSIGNAL))
      }
      if count < 0, Errno.last == .interrupted { continue }
      guard count > 0 else { return }
      sent += count
    }
  }

  /// Says that nothing more will be sent.
  func finishSending() { shutdown(descriptor.rawValue, Int32(SHUT_WR)) }

  /// Receives until the text so far ends the exchange, the peer has closed, or the time is over.
  ///
  /// - Returns: what was received, and whether the deadline passed first.
  func receive(
    within limit: Duration, until isComplete: (String) -> Bool = { _ in false }
  ) -> (text: String, inTime: Bool) {
    let deadline = ContinuousClock.now + limit
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let text = String(decoding: bytes, as: UTF8.self)
      if isComplete(text) { return (text, true) }
      do throws(Errno) {
        guard try descriptor.waitToRead(until: deadline) else { return (text, false) }
        let count = try descriptor.readSome(into: &buffer)
        if count == 0 { return (text, true) }
        bytes += buffer[..<count]
      } catch {
        return (text, true)
      }
    }
  }
}
