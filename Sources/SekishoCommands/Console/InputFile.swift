internal import Glibc
internal import Nftables

/// The bytes of a file; `-` is standard input.
func readFile(_ path: String) throws -> [UInt8] {
  let descriptor = path == "-" ? STDIN_FILENO : unsafe open(path, O_RDONLY | O_CLOEXEC)
  if descriptor < 0 { throw InputFailure(code: errno) }
  defer { if descriptor != STDIN_FILENO { close(descriptor) } }
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
    if count < 0, errno == EINTR { continue }
    if count < 0 { throw InputFailure(code: errno) }
    if count == 0 { return bytes }
    bytes += buffer[..<count]
  }
}

/// A ruleset in the JSON of nft, as somebody has saved it.
enum RulesetFile {
  /// - Parameter path: `-` is standard input.
  /// - Throws: ``RulesetFileError``.
  static func tables(_ path: String) throws -> [Table] {
    do {
      return try Table.tables(fromJSON: try readFile(path))
    } catch {
      throw RulesetFileError(path: path, reason: "\(error)")
    }
  }

  /// The tables of a file, when it is one, and not an inventory that happens to be JSON.
  ///
  /// - Throws: ``RulesetFileError`` for one that cannot be read: as an inventory nothing in it would be right either.
  static func tables(ifPresent path: String) throws -> [Table]? {
    var status = stat()
    guard unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
      let bytes = try? readFile(path)
    else { return nil }
    do {
      return try Table.tables(fromJSON: bytes)
    } catch {
      let beginning = String(decoding: bytes.prefix(256), as: UTF8.self).filter { !$0.isWhitespace }
      if !beginning.hasPrefix("{\"nftables\"") { return nil }
      throw RulesetFileError(path: path, reason: "\(error)")
    }
  }
}

/// A file is no ruleset.
struct RulesetFileError: Error, CustomStringConvertible {
  let path: String
  let reason: String

  var description: String {
    "\(path == "-" ? "standard input" : path): \(reason); what nft -j list ruleset prints is read"
  }
}

/// A file could not be read.
struct InputFailure: Error, CustomStringConvertible {
  let code: Int32
  var description: String { "cannot read: \(unsafe String(cString: strerror(code)))" }
}
