internal import Glibc
internal import SystemPackage

/// The directory for locks, sockets and what is true until the next boot.
///
/// `SEKISHO_RUNTIME_DIR` if it is set; else the first of `/run/sekisho`, `$XDG_RUNTIME_DIR/sekisho` and
/// `/tmp/sekisho-UID` that is ours or that we may make. Root and a user therefore get different ones, and
/// the same user always gets the same one.
package struct RuntimeDirectory: Hashable, Sendable {
  /// Absolute path, without a slash at the end.
  package let path: String

  /// Finds or makes the directory.
  ///
  /// - Throws: ``DirectoryRefusal``. The directory that the environment names is used or refused, never
  ///   passed over.
  package init() throws(DirectoryRefusal) {
    if let named = Environment.variable("SEKISHO_RUNTIME_DIR") {
      try self.init(path: named)
      return
    }
    var candidates = ["/run/sekisho"]
    if let session = Environment.variable("XDG_RUNTIME_DIR"), session.first == "/" {
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
  /// - Throws: ``DirectoryRefusal``.
  package init(path: String) throws(DirectoryRefusal) {
    self.path = try PrivateDirectory.path(path, variable: "SEKISHO_RUNTIME_DIR")
  }

  /// The path of a file in it.
  package func file(_ name: String) -> String { "\(path)/\(name)" }
}

/// The directory of what must outlive a boot: `SEKISHO_STATE_DIR`, else `/var/lib/sekisho`.
package struct StateDirectory: Hashable, Sendable {
  /// Absolute path, without a slash at the end.
  package let path: String

  /// Finds or makes the directory.
  ///
  /// - Throws: ``DirectoryRefusal``.
  package init() throws(DirectoryRefusal) {
    try self.init(path: Self.place)
  }

  /// Whether it was made already: who only looks makes none.
  package static var isThere: Bool { unsafe access(place, F_OK) == 0 }

  private static var place: String { Environment.variable("SEKISHO_STATE_DIR") ?? "/var/lib/sekisho" }

  /// Uses or makes this very directory, under the rules of a ``RuntimeDirectory``: who may write here decides what
  /// is enforced after the next boot.
  ///
  /// - Throws: ``DirectoryRefusal``.
  package init(path: String) throws(DirectoryRefusal) {
    self.path = try PrivateDirectory.path(path, variable: "SEKISHO_STATE_DIR")
  }
}

/// The directory of what the host's owner decides: `SEKISHO_CONFIG_DIR`, else `/etc/sekisho`. Sekisho reads it and never writes
/// there.
package enum ConfigurationDirectory {
  package static var path: String { Environment.variable("SEKISHO_CONFIG_DIR") ?? "/etc/sekisho" }
}

private enum PrivateDirectory {
  /// Uses or makes a directory that is ours alone.
  static func path(_ path: String, variable: String) throws(DirectoryRefusal) -> String {
    func refuse(_ reason: String) -> DirectoryRefusal {
      DirectoryRefusal(
        path: path, reason: reason,
        remedy: "set \(variable) to a directory of your own with mode 0700")
    }
    guard path.first == "/" else { throw refuse("the path is not absolute") }
    do throws(SystemFailure) {
      try Files.makeDirectory(path, .ownerReadWriteExecute)
    } catch {
      if error.errno != .fileExists { throw refuse("the directory cannot be made: \(error.errno)") }
    }
    let status: Stat
    do throws(Errno) {
      status = try Stat(FilePath(path), followTargetSymlink: false)
    } catch {
      throw refuse("\(error)")
    }
    guard status.type == .directory else { throw refuse("it is not a directory") }
    guard status.userID.rawValue == geteuid() else {
      throw refuse("it belongs to user \(status.userID.rawValue)")
    }
    guard status.permissions.isDisjoint(with: [.groupReadWriteExecute, .otherReadWriteExecute]) else {
      throw refuse("others may enter it (chmod 700 closes it)")
    }
    return path.count > 1 && path.last == "/" ? String(path.dropLast()) : path
  }
}

/// A directory that cannot be trusted with what is ours.
package struct DirectoryRefusal: Error, Hashable, Sendable, CustomStringConvertible {
  package let path: String
  package let reason: String
  /// What to do about it.
  package let remedy: String

  package var description: String { "\(path): \(reason); \(remedy)" }
}
