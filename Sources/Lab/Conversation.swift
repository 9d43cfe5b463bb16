internal import Glibc

/// One end of a stream between two processes, spoken in lines.
///
/// A socket and not a pipe, so that writing to a peer that has died is an error and not a signal.
final class Conversation: Sendable {
  let descriptor: Int32

  /// Takes over a descriptor; it is closed with the last reference.
  init(descriptor: Int32) { self.descriptor = descriptor }

  deinit { close(descriptor) }

  /// Sends everything, or as much as the peer takes before it goes away.
  func send(_ text: String) {
    let bytes = Array(text.utf8)
    var sent = 0
    while sent < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { buffer in
        unsafe Glibc.send(
          descriptor, UnsafeRawBufferPointer(rebasing: buffer[sent...]).baseAddress, buffer.count - sent,
          Int32(MSG_NOSIGNAL))
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return }
      sent += count
    }
  }

  /// Says that nothing more will be sent.
  func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

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
      let left = (deadline - .now) / .milliseconds(1)
      guard left > 0 else { return (text, false) }
      var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      let ready = unsafe poll(&wait, 1, Int32(min(left.rounded(.up), 1_000_000)))
      if ready < 0, errno != EINTR { return (text, true) }
      guard ready > 0 else { continue }
      let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return (text, true) }
      bytes += buffer[..<count]
    }
  }
}
