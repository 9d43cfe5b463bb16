import Diagnostics

/// A text in braces that YAML takes apart, because it holds what ends one there: brackets, `: `, ` #`, or a quote.
struct TornText {
  private let key: String
  private let text: String
  private let line: Int
  private let column: Int

  /// - Parameters:
  ///   - line: where the mapping begins, from zero, and its column in characters.
  ///   - bytes: what libyaml reads.
  /// - Returns: `nil` where the mapping has no such text.
  init?(inMappingAt line: Int, _ column: Int, of bytes: [UInt8]) {
    var scanner = FlowMappingScanner(bytes, line: line, column: column)
    guard let (key, start) = scanner.torn(), Self.isText(key) else { return nil }
    let rest = bytes[start...].prefix { $0 != 0x0a && $0 != 0x0d }
    let written = rest[..<Self.end(rest)]
    var text: [UInt8] = []
    unsafe written.withUnsafeBytes { unsafe YAMLText.appendUnmasked($0, to: &text) }
    while text.last == 0x20 || text.last == UInt8(ascii: ",") { text.removeLast() }
    // Brackets that close in another line are no part of one text.
    let isWhole = text.count { $0 == UInt8(ascii: "[") } == text.count { $0 == UInt8(ascii: "]") }
    if text.isEmpty || !isWhole && written.endIndex == rest.endIndex { return nil }
    let before = bytes[..<start]
    let lineStart = (before.lastIndex(of: 0x0a) ?? -1) + 1
    self.key = key
    self.text = String(decoding: text, as: UTF8.self)
    self.line = before.count { $0 == 0x0a }
    self.column = before[lineStart...].count { $0 & 0xc0 != 0x80 }
  }

  func diagnostic(_ file: String) -> Diagnostic {
    Diagnostic(
      .error, at: SourceLocation(file: file, line: line + 1, column: column + 1),
      length: text.unicodeScalars.count,
      message:
        "the text of `\(key)` is not YAML without quotes: in `{…}` a bracket, `: `, ` #` or a quote ends it",
      help: "write `\(key): \(SafeText.escaped(Self.quoted(text)))`")
  }

  private static func isText(_ key: String) -> Bool {
    switch Keyword(rawValue: key) {
    case .why, .owner, .ticket, .description, .transport: true
    default: false
    }
  }

  /// Where a text was meant to end: at a comma with a key of the language behind it, at the brace that closes the mapping,
  /// or with its line.
  private static func end(_ rest: ArraySlice<UInt8>) -> Int {
    var depth = 0
    for index in rest.indices {
      switch rest[index] {
      case UInt8(ascii: "{"): depth += 1
      case UInt8(ascii: "}"):
        if depth == 0 { return index }
        depth -= 1
      case UInt8(ascii: ","):
        let word = rest[(index + 1)...].drop { $0 == 0x20 }.prefix { $0 != UInt8(ascii: ":") && $0 != 0x20 }
        let isKey = rest[word.endIndex...].first == UInt8(ascii: ":")
        if isKey, Keyword(rawValue: String(decoding: word, as: UTF8.self)) != nil { return index }
      default: continue
      }
    }
    return rest.endIndex
  }

  /// A text in those quotes that need no escape in it.
  private static func quoted(_ text: String) -> String {
    text.contains { $0 == "\"" || $0 == "\\" } ? "'\(text.replacing("'", with: "''"))'" : "\"\(text)\""
  }
}

/// The entries of a mapping in braces, as far as they can be told before YAML has read them.
private struct FlowMappingScanner {
  private let bytes: [UInt8]
  private var index: Int

  init(_ bytes: [UInt8], line: Int, column: Int) {
    self.bytes = bytes
    var start = 0
    for _ in 0..<line { start = (bytes[start...].firstIndex(of: 0x0a) ?? bytes.count - 1) + 1 }
    var characters = 0
    index = start
    while index < bytes.count, characters < column {
      index += 1
      while index < bytes.count, bytes[index] & 0xc0 == 0x80 { index += 1 }
      characters += 1
    }
  }

  private var current: UInt8? { index < bytes.count ? bytes[index] : nil }

  /// The entry behind whose value something stands that can stand there in no mapping: its key, and where its value begins.
  mutating func torn() -> (key: String, value: Int)? {
    guard current == UInt8(ascii: "{") else { return nil }
    index += 1
    var last: (key: String, value: Int)?
    while true {
      _ = skipBlank()
      if current == nil || current == UInt8(ascii: "}") { return nil }
      let key = readKey()
      if let key { last = (key, index) }
      let isCollection = current == UInt8(ascii: "[") || current == UInt8(ascii: "{")
      let start = index
      skipValue()
      let blank = skipBlank()
      switch current {
      case UInt8(ascii: ","), UInt8(ascii: "}"):
        // A collection can be no key.
        if key == nil, isCollection { return last }
        if current == UInt8(ascii: "}") { return nil }
        index += 1
      // A mapping that is not closed ends in another line; one whose end is a comment does as well.
      default: return blank.hidesBrace || !blank.endsLine && index > start ? last : nil
      }
    }
  }

  /// - Returns: whether a line ended, and whether a comment has the brace that closes the mapping.
  private mutating func skipBlank() -> (endsLine: Bool, hidesBrace: Bool) {
    var result = (endsLine: false, hidesBrace: false)
    while let byte = current {
      if byte == 0x0a {
        result.endsLine = true
      } else if byte == UInt8(ascii: "#"), index > 0, bytes[index - 1] <= 0x20 {
        let comment = bytes[index...].prefix { $0 != 0x0a }
        if comment.contains(UInt8(ascii: "}")) { result.hidesBrace = true }
        index = comment.endIndex
        continue
      } else if byte != 0x20, byte != 0x09, byte != 0x0d {
        break
      }
      index += 1
    }
    return result
  }

  /// The key that begins here, with what separates it from its value; nothing is read where none does.
  private mutating func readKey() -> String? {
    var end = index
    while end < bytes.count, !",[]{}#\n".utf8.contains(bytes[end]), !isSeparator(end) { end += 1 }
    guard end < bytes.count, isSeparator(end) else { return nil }
    let key = String(decoding: bytes[index..<end], as: UTF8.self)
    index = end + 1
    while current == 0x20 { index += 1 }
    return key
  }

  private func isSeparator(_ place: Int) -> Bool {
    bytes[place] == UInt8(ascii: ":") && (place + 1 == bytes.count || bytes[place + 1] <= 0x20)
  }

  private mutating func skipValue() {
    guard let first = current else { return }
    switch first {
    case UInt8(ascii: "\""), UInt8(ascii: "'"): skipQuoted(first)
    case UInt8(ascii: "["), UInt8(ascii: "{"):
      var depth = 0
      while let byte = current {
        if byte == UInt8(ascii: "\""), bytes[index - 1] <= 0x20 || "[{,:".utf8.contains(bytes[index - 1]) {
          skipQuoted(byte)
          continue
        }
        if "[{".utf8.contains(byte) { depth += 1 }
        if "]}".utf8.contains(byte) { depth -= 1 }
        index += 1
        if depth == 0 { return }
      }
    default:
      while let byte = current, !",[]{}\n".utf8.contains(byte), !isSeparator(index),
        byte != UInt8(ascii: "#") || bytes[index - 1] > 0x20
      {
        index += 1
      }
    }
  }

  private mutating func skipQuoted(_ quote: UInt8) {
    index += 1
    while let byte = current {
      index += 1
      if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
        index += 1
      } else if byte == quote {
        if quote == UInt8(ascii: "'"), current == quote { index += 1 } else { return }
      }
    }
  }
}
