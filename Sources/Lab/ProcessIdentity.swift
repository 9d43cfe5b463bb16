internal import CNamespaces
internal import Glibc

/// A process by more than its number, which the kernel gives away again: when it started, and in which boot.
struct ProcessIdentity: Hashable, Sendable {
  let number: Int32
  /// Ticks after the boot: field 22 of `/proc/PID/stat`, proc(5).
  let start: UInt64
  /// `/proc/sys/kernel/random/boot_id`.
  let boot: String

  init(number: Int32, start: UInt64, boot: String) {
    self.number = number
    self.start = start
    self.boot = boot
  }

  /// The process that has the number now; `nil`: none, or it has ended and only awaits its parent.
  init?(of number: Int32) {
    guard let stat = Files.read("/proc/\(number)/stat"),
      let boot = Files.read("/proc/sys/kernel/random/boot_id"),
      // The second field, the program's name in parentheses, can hold anything.
      let fields = stat.lastIndex(of: ")").map({ stat[$0...].split(separator: " ") }), fields.count > 20,
      fields[1] != "Z", fields[1] != "X", let start = UInt64(fields[20])
    else { return nil }
    self.init(number: number, start: start, boot: String(boot.prefix { $0 != "\n" }))
  }

  /// Whether it is still there.
  var isAlive: Bool { ProcessIdentity(of: number) == self }

  /// Kills the process and waits until it is gone; nothing happens when it is gone already.
  ///
  /// - Throws: ``LabError`` `refused` or `timeout`.
  func kill(within limit: Duration) throws(LabError) {
    let descriptor = sekisho_open_process(number)
    guard descriptor >= 0 else {
      if errno == ESRCH { return }
      throw LabError(.refused, "cannot be opened: \(systemError(errno))", object: "process \(number)")
    }
    defer { close(descriptor) }
    // The descriptor holds on to one process; if that one is ours, so is what gets the signal.
    guard isAlive else { return }
    guard sekisho_signal_process(descriptor, SIGKILL) == 0 || errno == ESRCH else {
      throw LabError(.refused, "cannot be ended: \(systemError(errno))", object: "process \(number)")
    }
    // Readable once the process has ended, which the first of its namespace does after all others.
    var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    let deadline = ContinuousClock.now + limit
    while true {
      let left = (deadline - .now) / .milliseconds(1)
      let ready = unsafe poll(&wait, 1, Int32(max(0, left)))
      if ready > 0 { return }
      if ready == 0 { throw LabError(.timeout, "does not end", object: "process \(number)") }
    }
  }
}
