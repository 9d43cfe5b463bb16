internal import Glibc
package import SystemPackage

/// Files and links by their paths.
package enum Files {
  /// More than any file that is read whole has reason to be.
  package static let longest = 1 << 31

  /// The bytes of a file; `-` is no name of standard input here.
  ///
  /// - Throws: ``SystemFailure``.
  package static func read(
    _ path: String, atMost limit: Int = longest, _ options: FileDescriptor.OpenOptions = []
  ) throws(SystemFailure) -> [UInt8] {
    let file: FileDescriptor
    do throws(Errno) { file = try .opening(path, options) } catch {
      throw SystemFailure("cannot open the file", path, error)
    }
    defer { try? file.close() }
    do throws(Errno) {
      return try file.readWhole(atMost: limit)
    } catch {
      throw SystemFailure("cannot read the file", path, error)
    }
  }

  /// The text of a small file, as in /proc; `nil` when there is no such file or it cannot be read. A link is not
  /// followed.
  package static func text(_ path: String) -> String? {
    (try? read(path, atMost: 1 << 24, .noFollow)).map { String(decoding: $0, as: UTF8.self) }
  }

  /// What a symbolic link says; `nil` when it is none.
  package static func readLink(_ path: String) -> String? {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = unsafe buffer.withUnsafeMutableBytes { bytes in
      unsafe bytes.withMemoryRebound(to: CChar.self) { buffer -> Int in
        guard let start = buffer.baseAddress else { return 0 }
        return unsafe readlink(path, start, buffer.count)
      }
    }
    return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
  }

  /// The path with every link resolved: realpath(3).
  ///
  /// - Throws: ``SystemFailure``.
  package static func resolved(_ path: String) throws(SystemFailure) -> String {
    guard let resolved = unsafe realpath(path, nil) else {
      throw SystemFailure("cannot be followed", path, .last)
    }
    defer { unsafe free(resolved) }
    return unsafe String(cString: resolved)
  }

  /// Makes a directory.
  ///
  /// - Throws: ``SystemFailure``, its `errno` `fileExists` when the name is taken.
  package static func makeDirectory(
    _ path: String, _ permissions: FilePermissions
  ) throws(SystemFailure) {
    if unsafe mkdir(path, permissions.rawValue) != 0 {
      throw SystemFailure("cannot make the directory", path, .last)
    }
  }

  /// Writes a file in one step, for its owner alone: whoever reads the path sees the old file or the new one.
  ///
  /// - Throws: ``SystemFailure``.
  package static func replace(
    _ path: String, with bytes: [UInt8], _ permissions: FilePermissions = .ownerReadWrite
  ) throws(SystemFailure) {
    let path = FilePath(path)
    guard let name = path.lastComponent?.string else {
      throw SystemFailure("no name of a file", path.string, .invalidArgument)
    }
    let parent = path.removingLastComponent()
    try Directory(opening: parent.isEmpty ? "." : parent.string).replace(name, with: bytes, permissions)
  }

  /// Removes a directory if it holds nothing.
  package static func removeDirectory(_ path: String) { _ = unsafe rmdir(path) }

  /// Removes a file; one that is missing is no failure.
  package static func remove(_ path: String) { _ = unsafe unlink(path) }
}
