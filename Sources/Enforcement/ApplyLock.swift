internal import Glibc

/// Held while a host is changed, so that two applies do not take turns at moving each other's ground.
///
/// What keeps a transaction correct is its generation; the lock keeps the second one from working in
/// vain. It is an advisory lock on a file in the runtime directory, one for each network namespace,
/// and ends with the process however that ends.
struct ApplyLock: ~Copyable {
  private let descriptor: Int32

  /// - Throws: ``AgentFailure`` `.busy` when another process holds it, `.failed` when the file cannot
  ///   be made.
  init(in directory: String) throws(AgentFailure) {
    var status = stat()
    let namespace = unsafe stat("/proc/self/ns/net", &status) == 0 ? status.st_ino : 0
    let path = "\(directory)/apply-\(namespace).lock"
    descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else {
      throw AgentFailure(.failed, "cannot open the lock \(path): \(errorText(errno))")
    }
    if flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      let reason = errno
      close(descriptor)
      throw reason == EWOULDBLOCK
        ? AgentFailure(.busy, "another apply is running on this host; wait for it to end and try again")
        : AgentFailure(.failed, "cannot take the lock \(path): \(errorText(reason))")
    }
  }

  deinit { close(descriptor) }
}

/// The system's words for an error number.
func errorText(_ code: Int32) -> String { unsafe String(cString: strerror(code)) }
