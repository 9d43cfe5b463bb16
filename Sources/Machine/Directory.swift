internal import CLinux
internal import Glibc
package import SystemPackage

/// An open directory; names are relative to it and never contain `/`.
package struct Directory: ~Copyable, Sendable {
  /// Asked before each call that changes something on disk, with what is about to happen. Whoever throws there
  /// is the disk that refuses, or the process that is gone.
  package typealias Step = @Sendable (_ action: String, _ name: String) throws(Errno) -> Void

  /// As it was given.
  package let path: String
  private let descriptor: FileDescriptor
  private let step: Step

  /// Opens a directory that must exist.
  ///
  /// - Parameter isOwn: whether one is refused that is of another user than this one and root, or that others may write (`errno`
  ///   `notPermitted`).
  /// - Throws: ``SystemFailure``.
  package init(
    opening path: String, isOwn: Bool = false, step: @escaping Step = { (_, _) throws(Errno) in }
  ) throws(SystemFailure) {
    self.path = path
    self.step = step
    do throws(Errno) { descriptor = try Self.opened(path, isOwn: isOwn) } catch {
      throw SystemFailure("cannot open the directory", path, error)
    }
  }

  private static func opened(_ path: String, isOwn: Bool) throws(Errno) -> FileDescriptor {
    let descriptor = try FileDescriptor.opening(path, .directory)
    if !isOwn || (try? Stat(descriptor).isOwn) == true { return descriptor }
    try? descriptor.close()
    throw .notPermitted
  }

  deinit { try? descriptor.close() }
}

// MARK: Reading

extension Directory {
  /// The names in the directory with their inode numbers.
  package func entries() throws(SystemFailure) -> [String: UInt64] {
    let copy = fcntl(descriptor.rawValue, F_DUPFD_CLOEXEC, 0)
    guard copy >= 0, let stream = unsafe fdopendir(copy) else { throw failure("cannot list the directory") }
    defer { unsafe closedir(stream) }
    unsafe rewinddir(stream)
    var result: [String: UInt64] = [:]
    while let entry = unsafe readdir(stream) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      if name != ".", name != ".." { unsafe result[name] = UInt64(entry.pointee.d_ino) }
    }
    return result
  }

  /// Whether a name is a plain file of exactly these bytes.
  package func holds(_ name: String, _ bytes: [UInt8]) throws(SystemFailure) -> Bool {
    guard let status = try? Stat(FilePath(name), relativeTo: descriptor, flags: .symlinkNoFollow),
      status.type == .regular, status.size == bytes.count
    else { return false }
    return try read(name) == bytes
  }

  /// The bytes of a file; `nil` when there is none. What is no plain file is refused (`errno` `invalidArgument`): a
  /// link could lead anywhere, and a pipe would be waited for.
  ///
  /// - Parameters:
  ///   - limit: what is longer is refused.
  ///   - isOwn: whether a file is refused that is of another user than this one and root, or that others may write
  ///     (`errno` `notPermitted`).
  package func read(
    _ name: String, atMost limit: Int = Files.longest, isOwn: Bool = false
  ) throws(SystemFailure) -> [UInt8]? {
    try read(name, isOwn: isOwn) { (file, _) throws(Errno) in try file.readWhole(atMost: limit) }
  }

  /// The last bytes of a file, so many at most; as ``read(_:atMost:isOwn:)``.
  package func readEnd(_ name: String, _ count: Int, isOwn: Bool = false) throws(SystemFailure) -> [UInt8]? {
    try read(name, isOwn: isOwn) { (file, size) throws(Errno) in
      if lseek(file.rawValue, max(0, size - count), SEEK_SET) < 0 { throw .last }
      return try file.readWhole(atMost: count)
    }
  }

  private func read(
    _ name: String, isOwn: Bool, _ body: (FileDescriptor, Int) throws(Errno) -> [UInt8]
  ) throws(SystemFailure) -> [UInt8]? {
    let file = FileDescriptor(
      rawValue: unsafe openat(descriptor.rawValue, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK))
    if file.rawValue < 0 {
      let errno = Errno.last
      if errno == .noSuchFileOrDirectory { return nil }
      throw failure("cannot open the file", name, errno)
    }
    defer { try? file.close() }
    do throws(Errno) {
      let status = try Stat(file)
      if status.type == .regular {
        if isOwn, !status.isOwn { throw .notPermitted }
        return try body(file, Int(status.size))
      }
    } catch {
      throw failure("cannot read the file", name, error)
    }
    throw failure("not a plain file", name, .invalidArgument)
  }
}

extension Stat {
  /// Whether nobody but this user and root can have written it.
  fileprivate var isOwn: Bool {
    [0, geteuid()].contains(userID.rawValue) && permissions.isDisjoint(with: [.groupWrite, .otherWrite])
  }
}

extension Directory {
  /// What ``prepare(_:_:)`` wrote; `nil` when there is nothing, as after ``put(_:)``.
  package func prepared(_ name: String) throws(SystemFailure) -> [UInt8]? { try read(Self.temporary(name)) }

  /// Whether two names, the second in a directory below this one, are the same file, or two of the same bytes.
  package func holds(_ name: String, sameAs other: String) throws(SystemFailure) -> Bool {
    guard let one = try? Stat(FilePath(name), relativeTo: descriptor, flags: []),
      let two = try? Stat(FilePath(other), relativeTo: descriptor, flags: [])
    else { return false }
    if one.inode == two.inode, one.deviceID == two.deviceID { return true }
    guard one.type == .regular, two.type == .regular, one.size == two.size else { return false }
    return try read(name) == read(other)
  }
}

// MARK: Writing

extension Directory {
  /// Makes a directory in this one.
  ///
  /// - Returns: whether it was missing.
  package func makeDirectory(_ name: String, _ permissions: FilePermissions) throws(SystemFailure) -> Bool {
    try before("cannot make the directory", name)
    if unsafe mkdirat(descriptor.rawValue, name, permissions.rawValue) == 0 { return true }
    let errno = Errno.last
    if errno != .fileExists { throw failure("cannot make the directory", name, errno) }
    return false
  }

  /// Writes a file that is not there yet, under its own name: whoever sees it sees a part of it, until
  /// something leads there.
  package func create(
    _ name: String, _ bytes: [UInt8], _ permissions: FilePermissions = .everybodyReads
  ) throws(SystemFailure) {
    try write(bytes, to: name, O_EXCL, permissions, reachesDisk: false)
  }

  /// Writes a file whole under another name, brings it to disk and then gives it its own name, so that nobody
  /// sees a part of it, even after a power cut. When that fails the old file is there, and nothing else.
  package func replace(
    _ name: String, with bytes: [UInt8], _ permissions: FilePermissions = .everybodyReads
  ) throws(SystemFailure) {
    do throws(SystemFailure) {
      try write(bytes, to: Self.temporary(name), O_TRUNC, permissions, reachesDisk: true)
      try put(name)
    } catch {
      discard(name)
      throw error
    }
    // The name as well; where a file system cannot, it is there as soon as it writes names at all.
    _ = fsync(descriptor.rawValue)
  }

  /// Takes what is behind so many bytes of a file away.
  package func shorten(_ name: String, to length: Int) throws(SystemFailure) {
    try before("cannot write the file", name)
    let file = FileDescriptor(
      rawValue: unsafe openat(descriptor.rawValue, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW))
    if file.rawValue < 0 { throw failure("cannot open the file", name, .last) }
    defer { try? file.close() }
    if ftruncate(file.rawValue, length) != 0 || fsync(file.rawValue) != 0 {
      throw failure("cannot write the file", name, .last)
    }
  }

  /// Adds to the end of a file, and brings it to disk.
  ///
  /// - Parameter isNew: whether the file is made when it is missing; else it is refused (`errno` `noSuchFileOrDirectory`).
  package func append(
    _ bytes: [UInt8], to name: String, _ permissions: FilePermissions = .everybodyReads, isNew: Bool = true
  ) throws(SystemFailure) {
    try before("cannot write the file", name)
    let file = FileDescriptor(
      rawValue: unsafe openat(
        descriptor.rawValue, name, O_WRONLY | O_APPEND | (isNew ? O_CREAT : 0) | O_CLOEXEC | O_NOFOLLOW,
        permissions.rawValue))
    if file.rawValue < 0 { throw failure("cannot open the file", name, .last) }
    defer { try? file.close() }
    let length = lseek(file.rawValue, 0, SEEK_END)
    do throws(Errno) {
      try file.writeWhole(bytes)
      if fsync(file.rawValue) != 0 { throw .last }
    } catch {
      // A part of it would stand ahead of what is added next.
      if length >= 0 { _ = ftruncate(file.rawValue, length) }
      throw failure("cannot write the file", name, error)
    }
    _ = fsync(descriptor.rawValue)
  }

  /// Refuses a name that a file would take from something else: a device, a pipe, or a link that leads to one
  /// (`/dev/stdout`) would be gone. A directory keeps its name by itself.
  ///
  /// - Throws: ``SystemFailure``, its `errno` `invalidArgument`.
  package func requireNothingElse(_ name: String) throws(SystemFailure) {
    guard let status = try? Stat(FilePath(name), relativeTo: descriptor, flags: .symlinkNoFollow) else {
      return
    }
    if status.type != .regular, status.type != .directory {
      throw failure("not a plain file", name, .invalidArgument)
    }
  }

  /// Writes a file whole under another name, under which ``put(_:)`` finds it.
  package func prepare(_ name: String, _ bytes: [UInt8]) throws(SystemFailure) {
    try write(bytes, to: Self.temporary(name), O_TRUNC, .everybodyReads, reachesDisk: false)
  }

  /// Gives a prepared file its name.
  package func put(_ name: String) throws(SystemFailure) { try rename(Self.temporary(name), to: name) }

  /// Removes a prepared file that is not put in place.
  package func discard(_ name: String) { try? remove(Self.temporary(name)) }

  /// Makes `name` lead to a file of a directory below this one, as a hard link where the file system
  /// has them.
  package func link(_ target: String, as name: String, replacing: Bool) throws(SystemFailure) {
    let place = replacing ? Self.temporary(name) : name
    if replacing { try remove(place) }
    try before("cannot link to \(target)", name)
    if unsafe linkat(descriptor.rawValue, target, descriptor.rawValue, place, 0) != 0 {
      let errno = Errno.last
      guard [.notPermitted, .tooManyLinks, .notSupportedOnSocket, .improperLink].contains(errno),
        unsafe symlinkat(target, descriptor.rawValue, place) == 0
      else { throw failure("cannot link to \(target)", name, errno) }
    }
    if !replacing { return }
    do throws(SystemFailure) {
      try rename(place, to: name)
    } catch {
      try? remove(place)
      throw error
    }
  }

  /// Removes a file; one that is missing is no failure.
  package func remove(_ name: String) throws(SystemFailure) {
    try before("cannot remove the file", name)
    if unsafe unlinkat(descriptor.rawValue, name, 0) == 0 { return }
    let errno = Errno.last
    if errno != .noSuchFileOrDirectory { throw failure("cannot remove the file", name, errno) }
  }

  /// Removes a directory that is empty.
  package func removeDirectory(_ name: String) throws(SystemFailure) {
    try before("cannot remove the directory", name)
    if unsafe unlinkat(descriptor.rawValue, name, AT_REMOVEDIR) != 0 {
      throw failure("cannot remove the directory", name, .last)
    }
  }

  /// Waits until everything that was written is on disk (syncfs(2)).
  ///
  /// A file system may write a name long before the bytes of its file: after a power cut the name is there
  /// and the file is empty. One call for all files costs a fraction of one call for each.
  package func sync() throws(SystemFailure) {
    do throws(Errno) { try step("cannot write the files to disk", "") } catch {
      throw failure("cannot write the files to disk", error)
    }
    if sekisho_sync_file_system(descriptor.rawValue) != 0 { throw failure("cannot write the files to disk") }
  }

  /// Lets the disk begin with what was written so far, and does not wait: ``sync()`` then has less to wait for.
  ///
  /// An error is told once to each open file (errseq), so that whoever begins with one directory and waits
  /// with another is told of it.
  package func beginSync() { sekisho_begin_sync_of_file_system(descriptor.rawValue) }

  private func write(
    _ bytes: [UInt8], to name: String, _ flags: Int32, _ permissions: FilePermissions, reachesDisk: Bool
  ) throws(SystemFailure) {
    try before("cannot make the file", name)
    let file = FileDescriptor(
      rawValue: unsafe openat(
        descriptor.rawValue, name, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | flags, permissions.rawValue))
    if file.rawValue < 0 { throw failure("cannot make the file", name, .last) }
    do throws(Errno) {
      do throws(Errno) {
        try step("cannot write the file", name)
        try file.writeWhole(bytes)
        if reachesDisk, fsync(file.rawValue) != 0 { throw .last }
      } catch {
        try? file.close()
        throw error
      }
      try withErrno { try file.close() }
    } catch {
      try? remove(name)
      throw failure("cannot write the file", name, error)
    }
  }

  private func rename(_ old: String, to name: String) throws(SystemFailure) {
    try before("cannot rename the file", name)
    if unsafe renameat(descriptor.rawValue, old, descriptor.rawValue, name) != 0 {
      let refusal = failure("cannot rename the file", name, .last)
      try? remove(old)
      throw refusal
    }
  }

  private func before(_ action: String, _ name: String) throws(SystemFailure) {
    do throws(Errno) { try step(action, name) } catch { throw failure(action, name, error) }
  }

  private static func temporary(_ name: String) -> String { ".\(name).tmp" }

  /// The name that a file was to get which has a name for the time being; `nil`: it has not.
  package static func permanent(_ name: String) -> String? {
    guard name.hasPrefix("."), name.hasSuffix(".tmp"), name.utf8.count > 5 else { return nil }
    return String(name.dropFirst().dropLast(4))
  }
}

// MARK: Failures

extension Directory {
  private func failure(_ action: String, _ errno: Errno = .last) -> SystemFailure {
    SystemFailure(action, path, errno)
  }

  private func failure(_ action: String, _ name: String, _ errno: Errno) -> SystemFailure {
    SystemFailure(action, "\(path)/\(name)", errno)
  }
}

extension FilePermissions {
  /// 0644: what is no secret.
  package static let everybodyReads: FilePermissions = [.ownerReadWrite, .groupRead, .otherRead]

  /// 0755: a directory of what is no secret.
  package static let everybodyEnters: FilePermissions = [
    .ownerReadWriteExecute, .groupRead, .groupExecute, .otherRead, .otherExecute,
  ]
}
