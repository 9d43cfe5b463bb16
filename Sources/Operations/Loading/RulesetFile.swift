internal import Machine
package import Nftables
package import SystemPackage

/// The bytes of a file; `-` is standard input.
///
/// - Parameter limit: how many are read at most; one that has more is refused.
/// - Throws: ``InputFailure``.
package func readFile(_ path: String, atMost limit: Int = Files.longest) throws -> [UInt8] {
  do throws(Errno) {
    if path == "-" { return try FileDescriptor.standardInput.readWhole(atMost: limit) }
    let file = try FileDescriptor.opening(path)
    defer { try? file.close() }
    return try file.readWhole(atMost: limit)
  } catch {
    throw InputFailure(errno: error)
  }
}

/// A ruleset in the JSON of nft, as somebody has saved it.
package enum RulesetFile {
  /// - Parameter path: `-` is standard input.
  /// - Throws: ``RulesetFileError``.
  package static func listing(_ path: String) throws -> RulesetListing {
    do {
      return try understood(try readFile(path), of: path)
    } catch {
      throw RulesetFileError(path: path, reason: "\(error)")
    }
  }

  /// The tables of a file, when it is one, and not an inventory that happens to be JSON.
  ///
  /// - Throws: ``RulesetFileError`` for one that cannot be read: as an inventory nothing in it would be right either.
  package static func listing(ifPresent path: String) throws -> RulesetListing? {
    guard (try? Stat(FilePath(path)).type) == .regular, let bytes = try? readFile(path)
    else { return nil }
    do {
      return try understood(bytes, of: path)
    } catch {
      let beginning = String(decoding: bytes.prefix(256), as: UTF8.self).filter { !$0.isWhitespace }
      if !beginning.hasPrefix("{\"nftables\"") { return nil }
      throw RulesetFileError(path: path, reason: "\(error)")
    }
  }

  /// The tables of a file that has been read.
  ///
  /// - Throws: ``RulesetFileError``.
  package static func listing(_ bytes: [UInt8], of path: String) throws -> RulesetListing {
    do {
      return try understood(bytes, of: path)
    } catch {
      throw RulesetFileError(path: path, reason: "\(error)")
    }
  }

  private static func understood(_ bytes: [UInt8], of path: String) throws -> RulesetListing {
    let (tables, misunderstood) = try Table.tables(listed: bytes, clock: .ofThisMachine())
    let name = path == "-" ? "standard input" : path
    var remarks = misunderstood.prefix(5).map { "\(name): not understood, and taken for anything: \($0)" }
    if misunderstood.count > 5 { remarks.append("\(name): so are \(misunderstood.count - 5) more") }
    return RulesetListing(tables: tables, remarks: remarks)
  }
}

/// The tables of a host, as far as they are understood.
package struct RulesetListing {
  package let tables: [Table]
  /// What there is to say of them.
  package let remarks: [String]
}

/// A file is no ruleset.
package struct RulesetFileError: Error, CustomStringConvertible {
  package let path: String
  package let reason: String

  package var description: String {
    "\(path == "-" ? "standard input" : path): \(reason); what nft -j list ruleset prints is read"
  }
}

/// A file could not be read.
package struct InputFailure: Error, CustomStringConvertible {
  package let errno: Errno
  package var description: String { "cannot read: \(errno)" }
}
