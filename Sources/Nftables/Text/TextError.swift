/// Why something has no text that nft(8) would read back as the same.
public enum TextError: Error, Hashable, Sendable {
  /// A text holds a character that could end it, hide in it or reorder it: a quote, a control
  /// character, a newline, a bidirectional override. Written into nft's text, a comment with a quote
  /// would become a rule of its own.
  case unprintable(String)
  /// A text is longer than nft(8) takes, in bytes.
  case tooLong(String, limit: Int)
  /// A name is not one word to nft(8), or is one of its own words.
  case notAName(String)
  /// Steps of a rule that nft's language does not say exactly.
  case opaque(String)
  /// A value or a type without a form in nft's text.
  case unsupported(String)
}

/// Checks of texts that are written between quotes; nft(8) has no escapes inside them.
enum QuotedText {
  /// Bytes of a comment (`NFTNL_UDATA_COMMENT_MAXLEN`).
  static let commentLimit = 128
  /// Bytes of a log prefix (`NF_LOG_PREFIXLEN - 1`).
  static let logPrefixLimit = 127

  static func check(_ text: String, limit: Int) throws(TextError) {
    guard text.utf8.count <= limit else { throw .tooLong(text, limit: limit) }
    for scalar in text.unicodeScalars where isForbidden(scalar) { throw .unprintable(text) }
  }

  /// A text with a question mark for each character that could not stand between quotes.
  static func printable(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.map { isForbidden($0) ? "?" : $0 }))
  }

  /// The same of a text whose quotes may stay.
  static func visible(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.map { isForbidden($0) && $0 != "\"" ? "?" : $0 }))
  }

  /// Quotes and control characters end or break the text; bidirectional controls and line separators
  /// make a reader see another rule than the kernel gets.
  private static func isForbidden(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x22, 0x7f...0x9f, 0x061c, 0x200b...0x200f, 0x2028...0x202e, 0x2060...0x2069, 0xfeff,
      0xfff9...0xfffb, 0xe0000...0xe007f:
      true
    default: false
    }
  }
}
