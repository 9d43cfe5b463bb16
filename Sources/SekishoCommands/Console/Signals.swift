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
  /// Handlers that may be about to write there.
  private static let ringing = Atomic<Int>(0)

  /// Lets SIGTERM and SIGINT end nothing any more.
  ///
  /// - Parameter givingWay: whether the second of a kind ends the program at once, and one that whoever started it has
  ///   ignored (nohup(1), a script's `&`) stays so.
  /// - Returns: what can be read from when one of them has come: its number.
  static func gatherEndings(givingWay: Bool = false) throws(Errno) -> FileDescriptor {
    let ends: (readEnd: FileDescriptor, writeEnd: FileDescriptor)
    do { ends = try FileDescriptor.pipe() } catch { throw error as? Errno ?? .ioError }
    for end in [ends.readEnd, ends.writeEnd] {
      _ = fcntl(end.rawValue, F_SETFD, FD_CLOEXEC)
      _ = fcntl(end.rawValue, F_SETFL, O_NONBLOCK)
    }
    bell.store(ends.writeEnd.rawValue, ordering: .releasing)
    for number in [SIGTERM, SIGINT] {
      if !givingWay {
        signal(number) { Signals.ring($0) }
      } else if !isIgnored(number) {
        signal(number) { number in
          signal(number, SIG_DFL)
          Signals.ring(number)
        }
      }
    }
    return ends.readEnd
  }

  private static func ring(_ number: Int32) {
    let before = errno
    var byte = UInt8(truncatingIfNeeded: number)
    ringing.add(1, ordering: .sequentiallyConsistent)
    let end = bell.load(ordering: .sequentiallyConsistent)
    if end >= 0 {
      _ = unsafe write(end, &byte, 1)
    } else {
      // It came on its way while another thread stopped listening: it ends the program as it would have a moment later.
      kill(getpid(), number)
    }
    ringing.subtract(1, ordering: .sequentiallyConsistent)
    errno = before
  }

  private static func isIgnored(_ number: Int32) -> Bool {
    var known = sigaction()
    guard unsafe sigaction(number, nil, &known) == 0 else { return false }
    return unsafe unsafeBitCast(known.__sigaction_handler.sa_handler, to: Int.self)
      == unsafeBitCast(SIG_IGN, to: Int.self)
  }

  /// Whether somebody waits for them.
  static var areGathered: Bool { bell.load(ordering: .acquiring) >= 0 }

  /// Lets both end the program again, but for one that is ignored.
  static func letEnd() {
    for number in [SIGTERM, SIGINT] where !isIgnored(number) { signal(number, SIG_DFL) }
    let end = bell.exchange(-1, ordering: .sequentiallyConsistent)
    // Its number is somebody else's file as soon as it is closed, and what was written by then can be read.
    while ringing.load(ordering: .sequentiallyConsistent) > 0 { sched_yield() }
    if end >= 0 { close(end) }
  }
}
