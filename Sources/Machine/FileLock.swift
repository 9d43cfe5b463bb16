internal import Glibc
internal import SystemPackage

/// An advisory lock on a file or directory (flock(2)); it ends with the value, and with the process however
/// that ends.
package struct FileLock: ~Copyable {
  private let descriptor: FileDescriptor

  /// Takes the lock on a file, which is made when it is missing. It stays: who removes a file that others
  /// lock locks another file than they.
  ///
  /// - Throws: ``SystemFailure``, its `errno` `wouldBlock` when another holds the lock.
  package init(_ path: String) throws(SystemFailure) {
    try self.init(path, .readWrite, [.create, .noFollow, .closeOnExec])
  }

  /// Takes the lock on a directory.
  ///
  /// - Throws: as ``init(_:)``.
  package init(directory path: String) throws(SystemFailure) {
    try self.init(path, .readOnly, [.directory, .closeOnExec])
  }

  private init(
    _ path: String, _ mode: FileDescriptor.AccessMode, _ options: FileDescriptor.OpenOptions
  ) throws(SystemFailure) {
    descriptor = try Self.locked(path, mode, options)
  }

  private static func locked(
    _ path: String, _ mode: FileDescriptor.AccessMode, _ options: FileDescriptor.OpenOptions
  ) throws(SystemFailure) -> FileDescriptor {
    let descriptor: FileDescriptor
    do throws(Errno) {
      descriptor = try withErrno {
        try FileDescriptor.open(FilePath(path), mode, options: options, permissions: .ownerReadWrite)
      }
    } catch {
      throw SystemFailure("cannot open the lock", path, error)
    }
    if flock(descriptor.rawValue, LOCK_EX | LOCK_NB) == 0 { return descriptor }
    let errno = Errno.last
    try? descriptor.close()
    throw SystemFailure("cannot take the lock", path, errno)
  }

  deinit {
    // Closing is not enough: a program that another thread is just starting has a copy until it runs.
    _ = flock(descriptor.rawValue, LOCK_UN)
    try? descriptor.close()
  }
}
