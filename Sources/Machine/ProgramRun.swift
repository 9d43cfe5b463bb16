internal import CLinux
internal import Glibc
internal import SystemPackage

extension Programs {
  /// What a program did that was waited for.
  package struct Outcome: Hashable, Sendable {
    /// 128 and the number of the signal where one ended it.
    package let status: Int32
    package let output: [UInt8]
    /// The last line on its standard error that says anything.
    package let errors: String
  }

  /// The path under which a program that is run finds one of the files it is given.
  package static func path(ofFile index: Int) -> String { "/proc/self/fd/\(firstFile + index)" }

  /// Runs a program to its end.
  ///
  /// What it reads is in memory (memfd_create(2)): nothing is left on a disk by whoever is killed meanwhile, and nobody
  /// changes it between two looks of the program.
  ///
  /// - Parameters:
  ///   - command: a path, or a name that is looked for in `PATH`, and arguments; no shell reads them.
  ///   - input: what it reads on its standard input.
  ///   - files: what it reads under ``path(ofFile:)``.
  ///   - limit: bytes of its output; more is an error (`errno` `fileTooLarge`).
  ///   - time: it is killed behind it (`errno` `timedOut`).
  ///   - asks: whether it may ask and tell whoever is at the terminal.
  /// - Throws: ``SystemFailure``; `noSuchFileOrDirectory` where there is no such program.
  package static func run(
    _ command: [String], input: [UInt8] = [], files: [[UInt8]] = [], atMost limit: Int = 1 << 16,
    within time: Duration = .seconds(30), asks: Bool = false
  ) throws(SystemFailure) -> Outcome {
    let program = command.first ?? ""
    do throws(Errno) {
      let deadline = ContinuousClock.now + time
      let inputs = try ([input] + files).map { (bytes) throws(Errno) in try MemoryFile(bytes) }
      let errors = try MemoryFile([])
      let ends = try withErrno { try FileDescriptor.pipe() }
      for end in [ends.readEnd, ends.writeEnd] { _ = fcntl(end.rawValue, F_SETFD, FD_CLOEXEC) }
      defer { try? ends.readEnd.close() }
      let process = try spawn(command, inputs, output: ends.writeEnd, errors: asks ? nil : errors)
      var output: [UInt8] = []
      do throws(Errno) {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
          guard try ends.readEnd.waitToRead(until: deadline) else { throw .timedOut }
          let count = try ends.readEnd.readSome(into: &buffer)
          if count == 0 { break }
          if output.count + count > limit { throw .fileTooLarge }
          output += buffer[..<count]
        }
        // A program that has closed its output and stays would be waited for without an end.
        let descriptor = FileDescriptor(rawValue: sekisho_open_process(process))
        if descriptor.rawValue >= 0 {
          defer { try? descriptor.close() }
          guard try descriptor.waitToRead(until: deadline) else { throw .timedOut }
        }
      } catch {
        kill(process, SIGKILL)
        _ = status(of: process)
        throw error
      }
      return Outcome(status: status(of: process), output: output, errors: try errors.lastLine)
    } catch {
      throw SystemFailure("cannot run", program, error)
    }
  }

  /// Waits.
  package static func pause(_ time: Duration) {
    let (seconds, attoseconds) = time.components
    var left = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
    var rest = timespec()
    while unsafe nanosleep(&left, &rest) != 0, errno == EINTR { left = rest }
  }

  private static let firstFile = 3

  private static func spawn(
    _ command: [String], _ inputs: [MemoryFile], output: FileDescriptor, errors: MemoryFile?
  ) throws(Errno) -> pid_t {
    // The program alone has it open: that it is closed is its end.
    defer { try? output.close() }
    var actions = unsafe posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    unsafe posix_spawn_file_actions_init(&actions)
    unsafe posix_spawnattr_init(&attributes)
    defer {
      unsafe posix_spawn_file_actions_destroy(&actions)
      unsafe posix_spawnattr_destroy(&attributes)
    }
    // The sources have high numbers: none is overwritten ahead of its turn.
    unsafe posix_spawn_file_actions_adddup2(&actions, inputs[0].descriptor.rawValue, 0)
    unsafe posix_spawn_file_actions_adddup2(&actions, output.rawValue, 1)
    if let errors { unsafe posix_spawn_file_actions_adddup2(&actions, errors.descriptor.rawValue, 2) }
    for (index, file) in inputs.dropFirst().enumerated() {
      unsafe posix_spawn_file_actions_adddup2(&actions, file.descriptor.rawValue, Int32(firstFile + index))
    }
    _ = unsafe sekisho_start_closed_from(&actions, Int32(firstFile + inputs.count - 1))
    // As for what is not waited for.
    var none = sigset_t()
    unsafe sigemptyset(&none)
    unsafe posix_spawnattr_setsigmask(&attributes, &none)
    unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    var arguments = unsafe command.map { unsafe strdup($0) } + [nil]
    defer { unsafe arguments.forEach { unsafe free($0) } }
    var process: pid_t = 0
    let code = unsafe posix_spawnp(
      &process, command.first ?? "", &actions, &attributes, &arguments, environ)
    if code != 0 { throw Errno(rawValue: code) }
    return process
  }

  private static func status(of process: pid_t) -> Int32 {
    var status: Int32 = 0
    while unsafe waitpid(process, &status, 0) < 0 {
      if errno != EINTR { return 127 }
    }
    let signal = status & 0x7f
    return signal == 0 ? (status >> 8) & 0xff : 128 + signal
  }
}

/// A file that is in memory alone, and gone with the value.
private final class MemoryFile {
  let descriptor: FileDescriptor

  init(_ bytes: [UInt8]) throws(Errno) {
    let made = FileDescriptor(rawValue: unsafe sekisho_memory_file("sekisho"))
    if made.rawValue < 0 { throw .last }
    defer { try? made.close() }
    // Above whatever a program is given.
    descriptor = FileDescriptor(rawValue: fcntl(made.rawValue, F_DUPFD_CLOEXEC, 64))
    if descriptor.rawValue < 0 { throw .last }
    try descriptor.writeWhole(bytes)
    _ = try withErrno { try descriptor.seek(offset: 0, from: .start) }
  }

  deinit { try? descriptor.close() }

  var lastLine: String {
    get throws(Errno) {
      _ = try withErrno { try descriptor.seek(offset: 0, from: .start) }
      let text = String(decoding: try descriptor.readWhole(atMost: 1 << 20), as: UTF8.self)
      return text.split(whereSeparator: \.isNewline).last.map(String.init) ?? ""
    }
  }
}
