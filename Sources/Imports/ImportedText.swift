/// What people and programs write as text: UTF-8, with what other systems put ahead of it.
enum ImportedText {
  /// Without a byte order mark.
  ///
  /// - Throws: ``ImportFaults`` where it is UTF-16, as some editors and shells write.
  static func bytes(_ bytes: [UInt8], of file: String) throws(ImportFaults) -> [UInt8] {
    if bytes.starts(with: [0xff, 0xfe]) || bytes.starts(with: [0xfe, 0xff]) {
      throw ImportFaults(
        ImportPlace(file), "this is UTF-16; write it as UTF-8: iconv -f UTF-16 -t UTF-8 FILE > NEW")
    }
    return bytes.starts(with: [0xef, 0xbb, 0xbf]) ? Array(bytes.dropFirst(3)) : bytes
  }

  /// Why a line cannot be read.
  static let notUTF8 =
    "this is not UTF-8, but as of Latin-1 or Windows; write it as UTF-8: iconv -f WINDOWS-1252 -t UTF-8 FILE > NEW"
}
