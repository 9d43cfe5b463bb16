internal import Glibc
internal import SystemPackage

/// Small files and links.
enum Files {
  /// The whole text; `nil` when there is no such file or it cannot be read. A link is not followed.
  static func read(_ path: String) -> String? {
    let options: FileDescriptor.OpenOptions = [.noFollow, .closeOnExec]
    guard let file = try? FileDescriptor.open(FilePath(path), .readOnly, options: options) else { return nil }
    return try? file.closeAfter {
      var bytes: [UInt8] = []
      var buffer = [UInt8](repeating: 0, count: 1 << 16)
      while true {
        let count = try unsafe buffer.withUnsafeMutableBytes { unsafe try file.read(into: $0) }
        if count == 0 { return String(decoding: bytes, as: UTF8.self) }
        bytes += buffer[..<count]
      }
    }
  }

  /// Writes a text in one step: whoever reads the path sees the old file or the new one.
  static func write(_ text: String, to path: String) throws(LabError) {
    do {
      let file = try FileDescriptor.open(
        FilePath("\(path).new"), .writeOnly, options: [.create, .truncate, .noFollow, .closeOnExec],
        permissions: .ownerReadWrite)
      _ = try file.closeAfter { try file.writeAll(text.utf8) }
    } catch {
      throw LabError(.refused, "cannot be written: \(error)", object: path)
    }
    guard unsafe rename("\(path).new", path) == 0 else {
      throw LabError(.refused, "cannot be written: \(systemError(errno))", object: path)
    }
  }

  static func remove(_ path: String) { _ = unsafe unlink(path) }

  /// Makes a directory that only its owner may enter.
  ///
  /// - Returns: 0, or the error number.
  static func makeDirectory(_ path: String) -> Int32 { unsafe mkdir(path, 0o700) == 0 ? 0 : errno }

  /// What a symbolic link says; `nil` when it is none.
  static func readLink(_ path: String) -> String? {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = unsafe buffer.withUnsafeMutableBytes { bytes in
      unsafe bytes.withMemoryRebound(to: CChar.self) { buffer -> Int in
        guard let start = buffer.baseAddress else { return 0 }
        return unsafe readlink(path, start, buffer.count)
      }
    }
    return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
  }
}
