internal import CLinux
internal import Glibc
internal import SystemPackage

/// Programs that are started and not waited for.
package enum Programs {
  /// Starts a program in a session of its own, with nothing of ours open: it outlives this process.
  ///
  /// - Parameters:
  ///   - command: absolute path and arguments; no shell reads them.
  ///   - input: what it reads on its standard input; at most what a pipe holds (4096 bytes, pipe(7)).
  /// - Throws: ``SystemFailure``.
  package static func start(_ command: [String], input: [UInt8] = []) throws(SystemFailure) {
    let program = command.first ?? ""
    let ends: (readEnd: FileDescriptor, writeEnd: FileDescriptor)
    do throws(Errno) {
      ends = try withErrno { try FileDescriptor.pipe() }
      for end in [ends.readEnd, ends.writeEnd] { _ = fcntl(end.rawValue, F_SETFD, FD_CLOEXEC) }
      try ends.writeEnd.writeWhole(Array(input.prefix(4096)))
    } catch {
      throw SystemFailure("cannot make an input for", program, error)
    }
    defer {
      try? ends.readEnd.close()
      try? ends.writeEnd.close()
    }
    var actions = unsafe posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    unsafe posix_spawn_file_actions_init(&actions)
    unsafe posix_spawnattr_init(&attributes)
    defer {
      unsafe posix_spawn_file_actions_destroy(&actions)
      unsafe posix_spawnattr_destroy(&attributes)
    }
    unsafe posix_spawn_file_actions_adddup2(&actions, ends.readEnd.rawValue, 0)
    for number in [Int32(1), 2] {
      unsafe posix_spawn_file_actions_addopen(&actions, number, "/dev/null", O_WRONLY, 0)
    }
    // The kernel lets this process go on (`exec_mmap`) before it closes what is to be closed on execution: a lock or a table
    // that goes with a socket would outlive this process by a moment.
    _ = unsafe sekisho_start_closed_from(&actions, 3)
    // A thread that carries tasks blocks nearly every signal, and a program begins with what its process blocks: nobody could
    // end it but by SIGKILL.
    var none = sigset_t()
    unsafe sigemptyset(&none)
    unsafe posix_spawnattr_setsigmask(&attributes, &none)
    // POSIX_SPAWN_SETSID (spawn.h, glibc 2.26), which Glibc's module does not show.
    unsafe posix_spawnattr_setflags(&attributes, 0x80 | Int16(POSIX_SPAWN_SETSIGMASK))
    var arguments = unsafe command.map { unsafe strdup($0) } + [nil]
    defer { unsafe arguments.forEach { unsafe free($0) } }
    var process: pid_t = 0
    let code = unsafe posix_spawn(&process, program, &actions, &attributes, &arguments, environ)
    if code != 0 { throw SystemFailure("cannot start", program, Errno(rawValue: code)) }
  }

  /// The same; a program that does not end well is followed by another in its place.
  ///
  /// - Throws: ``SystemFailure``.
  package static func start(_ command: [String], orElse other: [String]) throws(SystemFailure) {
    let (first, second) = (quoted(command), quoted(other))
    try start(["/bin/sh", "-c", "\(first) || exec \(second)"])
  }

  /// As a shell reads it: sh(1), Single-Quotes.
  private static func quoted(_ command: [String]) -> String {
    command.map { word in
      "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }.joined(separator: " ")
  }
}

/// The thread that does something.
package enum CurrentThread {
  /// What others are told that it is called, 15 bytes at most: threads of the runtime have names of its own.
  package static func call(_ name: String) { _ = unsafe sekisho_name_thread(name) }
}
