internal import FoundationEssentials

/// Answers as JSON.
enum JSONOutput {
  /// An answer for people and programs: indented, keys in order, with a line break at the end.
  static func encode(_ answer: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return Array(try encoder.encode(answer)) + [UInt8(ascii: "\n")]
  }

  /// One string as JSON text.
  static func quoted(_ text: String) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    // A string is always JSON.
    return (try? encoder.encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
  }
}
