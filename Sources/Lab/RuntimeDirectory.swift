internal import Glibc

/// The directory for locks, sockets and what is true until the next boot.
///
/// `SEKISHO_RUNTIME_DIR` if it is set; else the first of `/run/sekisho`, `$XDG_RUNTIME_DIR/sekisho` and
/// `/tmp/sekisho-UID` that is ours or that we may make. Root and a user therefore get different ones, and
/// the same user always gets the same one.
public struct RuntimeDirectory: Hashable, Sendable {
  /// Absolute path, without a slash at the end.
  public let path: String

  /// Finds or makes the directory.
  ///
  /// - Throws: ``LabError`` `runtimeDirectory`. The directory that the environment names is used or
  ///   refused, never passed over.
  public init() throws(LabError) {
    if let named = Self.environment("SEKISHO_RUNTIME_DIR") {
      try self.init(path: named)
      return
    }
    var candidates = ["/run/sekisho"]
    if let session = Self.environment("XDG_RUNTIME_DIR"), session.first == "/" {
      candidates.append("\(session)/sekisho")
    }
    for candidate in candidates {
      if let usable = try? RuntimeDirectory(path: candidate) {
        self = usable
        return
      }
    }
    try self.init(path: "/tmp/sekisho-\(geteuid())")
  }

  /// Uses or makes this very directory; its parent must exist.
  ///
  /// Whoever may write into it could lead us to another process or another file, and in `/tmp` anybody may
  /// have made it first. So it must be a directory, not a link to one, belong to us, and be closed to
  /// everybody else (mode 0700).
  ///
  /// - Throws: ``LabError`` `runtimeDirectory`, with the path as its object.
  public init(path: String) throws(LabError) {
    let remedy = "set SEKISHO_RUNTIME_DIR to a directory of your own with mode 0700"
    func refuse(_ reason: String) -> LabError {
      LabError(.runtimeDirectory, "\(reason); \(remedy)", object: path)
    }

    guard path.first == "/" else { throw refuse("the path is not absolute") }
    let failure = Files.makeDirectory(path)
    guard failure == 0 || failure == EEXIST else {
      throw refuse("the directory cannot be made: \(systemError(failure))")
    }
    var status = stat()
    // Not following a link at the end of the path.
    guard unsafe lstat(path, &status) == 0 else { throw refuse(systemError(errno)) }
    guard status.st_mode & S_IFMT == S_IFDIR else { throw refuse("it is not a directory") }
    guard status.st_uid == geteuid() else { throw refuse("it belongs to user \(status.st_uid)") }
    guard status.st_mode & 0o077 == 0 else { throw refuse("others may enter it (chmod 700 closes it)") }
    self.path = path.count > 1 && path.last == "/" ? String(path.dropLast()) : path
  }

  /// The path of a file in it.
  public func file(_ name: String) -> String { "\(path)/\(name)" }

  private static func environment(_ name: String) -> String? {
    guard let value = unsafe getenv(name) else { return nil }
    let text = unsafe String(cString: value)
    return text.isEmpty ? nil : text
  }
}
