internal import Glibc
package import SystemPackage

extension FileDescriptor {
  /// Opens what is there for reading; no program that is started meanwhile inherits it.
  package static func opening(_ path: String, _ options: OpenOptions = []) throws(Errno) -> FileDescriptor {
    try withErrno { try open(FilePath(path), .readOnly, options: options.union(.closeOnExec)) }
  }

  /// Whether it is anything at all: a program may be started without a standard output.
  package var isOpen: Bool { fcntl(rawValue, F_GETFD) >= 0 }

  /// Reads to the end.
  ///
  /// - Throws: `Errno`; `fileTooLarge` when there are more bytes than `limit`.
  package func readWhole(atMost limit: Int) throws(Errno) -> [UInt8] {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = try readSome(into: &buffer)
      if count == 0 { return bytes }
      if bytes.count + count > limit { throw .fileTooLarge }
      bytes += buffer[..<count]
    }
  }

  /// Reads what is there, as much as the buffer takes.
  ///
  /// - Returns: how many bytes; 0 at the end.
  package func readSome(into buffer: inout [UInt8]) throws(Errno) -> Int {
    try withErrno { try unsafe buffer.withUnsafeMutableBytes { try unsafe read(into: $0) } }
  }

  /// Writes everything.
  package func writeWhole(_ bytes: [UInt8]) throws(Errno) { _ = try withErrno { try writeAll(bytes) } }

  /// Writes everything, as the other side takes it.
  ///
  /// - Throws: `Errno`; `timedOut` when the other side takes nothing more in time.
  package func writeWhole(_ bytes: [UInt8], by deadline: ContinuousClock.Instant) throws(Errno) {
    var rest = bytes[...]
    while !rest.isEmpty {
      if try !wait(for: POLLOUT, until: deadline) { throw .timedOut }
      // PIPE_BUF: a pipe that can be written to takes as much without waiting.
      let part = Array(rest.prefix(4096))
      rest = rest.dropFirst(try withErrno { try unsafe part.withUnsafeBytes { try unsafe write($0) } })
    }
  }

  /// Waits until there is something to read, the other side has closed, or the time is over.
  ///
  /// - Parameter deadline: `nil`: waits for ever.
  /// - Returns: whether reading would not wait.
  package func waitToRead(until deadline: ContinuousClock.Instant?) throws(Errno) -> Bool {
    try wait(for: POLLIN, until: deadline)
  }

  /// What ``wait(toRead:whileOpen:until:)`` found.
  package struct Ready: Hashable, Sendable {
    /// Of each descriptor, in their order, whether reading would not wait.
    package let isReadable: [Bool]
    /// Whether nobody reads what is written any more.
    package let isClosed: Bool
  }

  /// Waits until there is something to read from one of several, nobody reads any more what is written to another, or the
  /// time is over.
  package static func wait(
    toRead descriptors: [FileDescriptor], whileOpen output: FileDescriptor,
    until deadline: ContinuousClock.Instant
  ) throws(Errno) -> Ready {
    // What nobody has to ask for is told in any case: POLLERR, POLLHUP, POLLNVAL.
    var waits = descriptors.map { pollfd(fd: $0.rawValue, events: Int16(POLLIN), revents: 0) }
    waits.append(pollfd(fd: output.rawValue, events: 0, revents: 0))
    while true {
      let left = max(0, (deadline - .now) / .milliseconds(1))
      let ready = unsafe poll(&waits, nfds_t(waits.count), Int32(min(left.rounded(.up), 1_000_000)))
      if ready < 0, Errno.last != .interrupted { throw .last }
      if ready > 0 || left == 0 {
        return Ready(
          isReadable: waits.dropLast().map { $0.revents != 0 },
          isClosed: waits[descriptors.count].revents != 0)
      }
    }
  }

  private func wait(for event: Int32, until deadline: ContinuousClock.Instant?) throws(Errno) -> Bool {
    while true {
      let left = deadline.map { max(0, ($0 - .now) / .milliseconds(1)) }
      var wait = pollfd(fd: rawValue, events: Int16(event), revents: 0)
      // poll(2) takes milliseconds in 31 bits; a longer wait is taken up again.
      let ready = unsafe poll(&wait, 1, left.map { Int32(min($0.rounded(.up), 1_000_000)) } ?? -1)
      if ready > 0 { return true }
      if ready < 0, Errno.last != .interrupted { throw .last }
      if left == 0 { return false }
    }
  }
}
