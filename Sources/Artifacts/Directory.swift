internal import CFiles
internal import Glibc

/// An open directory; names are relative to it and never contain `/`.
struct Directory: ~Copyable {
  let path: String
  private let descriptor: Int32

  /// Opens a directory, making it first when it is missing.
  init(making path: String) throws(OutputFailure) {
    if path.isEmpty { throw OutputFailure("--out", "the name of the directory is empty; give one") }
    if unsafe mkdir(path, 0o755) != 0, errno != EEXIST {
      throw errno == ENOENT
        ? OutputFailure(path, code: ENOENT, "the directory above it does not exist; make it first (mkdir -p)")
        : .system(path, "cannot make the directory")
    }
    try self.init(opening: path)
  }

  /// Opens a directory that must exist.
  init(opening path: String) throws(OutputFailure) {
    self.path = path
    descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if descriptor < 0 { throw .system(path, "cannot open the directory") }
  }

  deinit { close(descriptor) }

  /// Keeps other compiles out until the directory is closed.
  func lock() throws(OutputFailure) {
    if flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      throw OutputFailure(path, code: errno, "another compile is writing here; wait for it and try again")
    }
  }

  /// The names in the directory with their inode numbers.
  func entries() throws(OutputFailure) -> [String: UInt64] {
    let copy = dup(descriptor)
    guard copy >= 0, let stream = unsafe fdopendir(copy) else {
      throw .system(path, "cannot list the directory")
    }
    defer { unsafe closedir(stream) }
    unsafe rewinddir(stream)
    var result: [String: UInt64] = [:]
    while let entry = unsafe readdir(stream) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      unsafe result[name] = UInt64(entry.pointee.d_ino)
    }
    return result
  }

  /// Whether a name is a plain file of exactly these bytes.
  func holds(_ name: String, _ bytes: [UInt8]) throws(OutputFailure) -> Bool {
    var status = stat()
    guard unsafe fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0,
      status.st_mode & S_IFMT == S_IFREG, status.st_size == bytes.count
    else { return false }
    return try read(name) == bytes
  }

  /// The bytes of a file; `nil` when there is none. What is no plain file is refused: a link could lead
  /// anywhere, and a pipe would be waited for.
  func read(_ name: String) throws(OutputFailure) -> [UInt8]? {
    let file = unsafe openat(descriptor, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    if file < 0 {
      if errno == ENOENT { return nil }
      throw .system("\(path)/\(name)", "cannot open the file")
    }
    defer { close(file) }
    var status = stat()
    guard unsafe fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw OutputFailure("\(path)/\(name)", "not a plain file; remove it and compile again")
    }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = unsafe buffer.withUnsafeMutableBytes { unsafe Glibc.read(file, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR { continue }
        throw .system("\(path)/\(name)", "cannot read the file")
      }
      if count == 0 { return bytes }
      bytes += buffer[..<count]
    }
  }

  /// Writes a file whole under another name and then gives it its own, so that nobody sees a part of it.
  func replace(_ name: String, with bytes: [UInt8]) throws(OutputFailure) {
    try prepare(name, bytes)
    try put(name)
  }

  /// Writes a file whole under another name, under which ``put(_:)`` finds it.
  func prepare(_ name: String, _ bytes: [UInt8]) throws(OutputFailure) {
    try write(bytes, to: Self.temporary(name), O_TRUNC)
  }

  /// Writes a file that is not there yet, under its own name: whoever sees it sees a part of it, until
  /// something leads there.
  func create(_ name: String, _ bytes: [UInt8]) throws(OutputFailure) { try write(bytes, to: name, O_EXCL) }

  private func write(_ bytes: [UInt8], to name: String, _ flags: Int32) throws(OutputFailure) {
    let file = unsafe openat(descriptor, name, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | flags, 0o644)
    if file < 0 { throw .system("\(path)/\(name)", "cannot make the file") }
    var offset = 0
    while offset < bytes.count {
      let count = unsafe bytes.withUnsafeBytes {
        unsafe Glibc.write(file, $0.baseAddress?.advanced(by: offset), bytes.count - offset)
      }
      if count < 0, errno == EINTR { continue }
      if count < 0 {
        let failure = OutputFailure.system("\(path)/\(name)", "cannot write the file")
        close(file)
        unsafe unlinkat(descriptor, name, 0)
        throw failure
      }
      offset += count
    }
    if close(file) != 0 { throw .system("\(path)/\(name)", "cannot write the file") }
  }

  /// Gives a prepared file its name.
  func put(_ name: String) throws(OutputFailure) { try rename(Self.temporary(name), to: name) }

  /// Removes a prepared file that is not put in place.
  func discard(_ name: String) { unsafe unlinkat(descriptor, Self.temporary(name), 0) }

  private static func temporary(_ name: String) -> String { ".\(name).tmp" }

  /// Waits until everything that was written is on disk (syncfs(2)).
  ///
  /// A file system may write a name long before the bytes of its file: after a power cut the name is there
  /// and the file is empty. One call for all files costs a fraction of one call for each.
  func sync() throws(OutputFailure) {
    if sekisho_sync_file_system(descriptor) != 0 { throw .system(path, "cannot write the files to disk") }
  }

  /// Lets the disk begin with what was written so far, and does not wait: ``sync()`` then has less to wait for.
  ///
  /// An error is told once to each open file (errseq), so that whoever begins with one directory and waits
  /// with another is told of it.
  func beginSync() { sekisho_begin_sync_of_file_system(descriptor) }

  /// Makes `name` lead to a file of a directory below this one, as a hard link where the file system
  /// has them.
  func link(_ target: String, as name: String, replacing: Bool) throws(OutputFailure) {
    let place = replacing ? Self.temporary(name) : name
    if replacing { unsafe unlinkat(descriptor, place, 0) }
    if unsafe linkat(descriptor, target, descriptor, place, 0) != 0 {
      let reason = errno
      guard [EPERM, EMLINK, EOPNOTSUPP, EXDEV].contains(reason),
        unsafe symlinkat(target, descriptor, place) == 0
      else {
        throw OutputFailure("\(path)/\(name)", code: reason, "cannot link to \(target): \(text(reason))")
      }
    }
    if replacing { try rename(place, to: name) }
  }

  func remove(_ name: String) throws(OutputFailure) {
    if unsafe unlinkat(descriptor, name, 0) != 0, errno != ENOENT {
      throw .system("\(path)/\(name)", "cannot remove the file")
    }
  }

  private func rename(_ old: String, to name: String) throws(OutputFailure) {
    if unsafe renameat(descriptor, old, descriptor, name) != 0 {
      throw .system("\(path)/\(name)", "cannot rename the file")
    }
  }
}

extension OutputFailure {
  fileprivate static func system(_ path: String, _ what: String) -> Self {
    let code = errno
    return Self(path, code: code, "\(what): \(text(code))")
  }
}

private func text(_ code: Int32) -> String { unsafe String(cString: strerror(code)) }
