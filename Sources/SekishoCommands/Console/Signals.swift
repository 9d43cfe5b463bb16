internal import Glibc
internal import Synchronization
internal import SystemPackage

/// What signals do to the program.
package enum Signals {
  /// A broken pipe is an error of write(2), not the end: an agent that dies while it is spoken to has to be
  /// told as such, and so has a controller that has gone.
  package static func ignoreBrokenPipes() { signal(SIGPIPE, SIG_IGN) }

  /// Where a handler writes to; it may call next to nothing (signal-safety(7)).
  private static let bell = Atomic<Int32>(-1)

  /// Lets SIGTERM and SIGINT end nothing any more.
  ///
  /// - Returns: what can be read from when one of them has come: its number.
  static func gatherEndings() throws(Errno) -> FileDescriptor {
    let ends: (readEnd: FileDescriptor, writeEnd: FileDescriptor)
    do { ends = try FileDescriptor.pipe() } catch { throw error as? Errno ?? .ioError }
    for end in [ends.readEnd, ends.writeEnd] {
      _ = fcntl(end.rawValue, F_SETFD, FD_CLOEXEC)
      _ = fcntl(end.rawValue, F_SETFL, O_NONBLOCK)
    }
    bell.store(ends.writeEnd.rawValue, ordering: .releasing)
    for number in [SIGTERM, SIGINT] {
      signal(number) { number in
        let before = errno
        var byte = UInt8(truncatingIfNeeded: number)
        _ = unsafe write(Signals.bell.load(ordering: .acquiring), &byte, 1)
        errno = before
      }
    }
    return ends.readEnd
  }

  /// Whether somebody waits for them.
  static var areGathered: Bool { bell.load(ordering: .acquiring) >= 0 }

  /// Lets both end the program again.
  static func letEnd() {
    for number in [SIGTERM, SIGINT] { signal(number, SIG_DFL) }
    let end = bell.exchange(-1, ordering: .acquiringAndReleasing)
    if end >= 0 { close(end) }
  }
}
