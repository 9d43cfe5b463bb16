internal import CLinux
internal import Glibc
internal import SystemPackage

/// A process by more than its number, which the kernel gives away again: when it started, and in which boot.
package struct ProcessIdentity: Hashable, Sendable {
  package let number: Int32
  /// Ticks after the boot: field 22 of `/proc/PID/stat`, proc(5).
  package let start: UInt64
  /// ``Boot/identifier()``.
  package let boot: String

  package init(number: Int32, start: UInt64, boot: String) {
    self.number = number
    self.start = start
    self.boot = boot
  }

  /// The process that has the number now; `nil`: none, or it has ended and only awaits its parent.
  package init?(of number: Int32) {
    guard let stat = Files.text("/proc/\(number)/stat"), let boot = try? Boot.identifier(),
      // The second field, the program's name in parentheses, can hold anything.
      let fields = stat.lastIndex(of: ")").map({ stat[$0...].split(separator: " ") }), fields.count > 20,
      fields[1] != "Z", fields[1] != "X", let start = UInt64(fields[20])
    else { return nil }
    self.init(number: number, start: start, boot: boot)
  }

  /// Whether it is still there.
  package var isAlive: Bool { ProcessIdentity(of: number) == self }

  /// Kills the process and waits until it is gone; nothing happens when it is gone already.
  ///
  /// - Throws: ``SystemFailure``, its `errno` `timedOut` when it does not end in time.
  package func kill(within limit: Duration) throws(SystemFailure) {
    let object = "process \(number)"
    let descriptor = FileDescriptor(rawValue: sekisho_open_process(number))
    guard descriptor.rawValue >= 0 else {
      if Errno.last == .noSuchProcess { return }
      throw SystemFailure("cannot be opened", object, .last)
    }
    defer { try? descriptor.close() }
    // The descriptor holds on to one process; if that one is ours, so is what gets the signal.
    guard isAlive else { return }
    guard sekisho_signal_process(descriptor.rawValue, SIGKILL) == 0 || Errno.last == .noSuchProcess else {
      throw SystemFailure("cannot be ended", object, .last)
    }
    let hasEnded: Bool
    do throws(Errno) {
      // Readable once the process has ended, which the first of its namespace does after all others.
      hasEnded = try descriptor.waitToRead(until: .now + limit)
    } catch {
      throw SystemFailure("cannot be waited for", object, error)
    }
    if !hasEnded { throw SystemFailure("does not end", object, .timedOut) }
  }
}
