internal import CLinux
internal import Glibc
internal import Machine
internal import SystemPackage

/// Programs of the system, run without a shell.
enum Program {
  /// The path of a program.
  ///
  /// The search path of an ordinary user often leaves out where ip(8) and nft(8) are.
  ///
  /// - Throws: ``LabError`` `missingProgram`.
  static func find(_ name: String, package: String) throws(LabError) -> String {
    for directory in searchPath.split(separator: ":") where directory.first == "/" {
      let path = "\(directory)/\(name)"
      if unsafe access(path, X_OK) == 0 { return path }
    }
    throw LabError(.missingProgram, "not installed; install the package \(package)", object: name)
  }

  /// `PATH` with the directories of the system's own programs at its end.
  static var searchPath: String {
    let path = Environment.variable("PATH") ?? ""
    return "\(path):/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin"
  }

  /// Starts a program and talks with it over its standard input, output and error.
  ///
  /// - Returns: its process id, and our end of the stream.
  /// - Throws: ``LabError`` `refused`.
  static func start(_ arguments: [String]) throws(LabError) -> (process: pid_t, stream: LineStream) {
    // Neither end is inherited by any program but as the three descriptors of this one.
    var ends: [Int32] = [-1, -1]
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    guard unsafe socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
      throw LabError(.refused, "no pair of sockets can be made: \(Errno.last)")
    }
    let stream = LineStream(FileDescriptor(rawValue: ends[0]))
    defer { close(ends[1]) }

    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer {
      unsafe posix_spawn_file_actions_destroy(&actions)
      unsafe posix_spawnattr_destroy(&attributes)
    }
    var none = Self.noSignals
    unsafe posix_spawnattr_setsigmask(&attributes, &none)
    unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    for target in 0..<Int32(3) { unsafe posix_spawn_file_actions_adddup2(&actions, ends[1], target) }
    var process: pid_t = 0
    let failure = unsafe withArgumentVector(arguments) { vector in
      unsafe posix_spawn(&process, arguments[0], &actions, &attributes, vector, sekisho_environment())
    }
    guard failure == 0 else {
      throw LabError(.refused, "cannot be started: \(Errno(rawValue: failure))", object: arguments[0])
    }
    return (process, stream)
  }

  /// Replaces this process by a program that is found in the search path.
  ///
  /// - Returns: only when it cannot be started: why.
  static func replaceThisProcess(_ arguments: [String]) -> Errno {
    var none = Self.noSignals
    unsafe pthread_sigmask(SIG_SETMASK, &none, nil)
    return unsafe withArgumentVector(arguments) { vector in
      unsafe execvp(arguments[0], vector)
      return .last
    }
  }

  /// What a program that is started blocks. A thread that carries tasks blocks nearly every signal, and a program begins
  /// with what its process blocks: it could be neither ended nor woken.
  private static var noSignals: sigset_t {
    var none = sigset_t()
    unsafe sigemptyset(&none)
    return none
  }

  /// Waits until a child has ended.
  ///
  /// - Returns: its exit status, or 128 and the signal that ended it.
  static func wait(for process: pid_t) -> Int32 {
    var status: Int32 = 0
    while unsafe waitpid(process, &status, 0) < 0 {
      // No such child: its status went to whoever ignores or collects SIGCHLD in this process.
      if Errno.last != .interrupted { return 0 }
    }
    let signal = status & 0x7f
    return signal == 0 ? status >> 8 & 0xff : 128 + signal
  }

  private static func withArgumentVector<Result>(
    _ arguments: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
  ) -> Result {
    var vector = unsafe arguments.map { unsafe strdup($0) } + [nil]
    defer { unsafe vector.forEach { unsafe free($0) } }
    return unsafe vector.withUnsafeMutableBufferPointer { buffer in
      guard let start = buffer.baseAddress else { preconditionFailure("a vector has at least its end") }
      return unsafe body(start)
    }
  }
}
