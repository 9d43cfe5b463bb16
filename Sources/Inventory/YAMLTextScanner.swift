import Diagnostics

/// One pass over a file: UTF-8, forbidden characters, brackets inside words.
struct YAMLTextScanner {
  private let bytes: [UInt8]
  private(set) var faults: [YAMLText.Fault] = []
  /// Offsets of the brackets to mask, ascending.
  private(set) var brackets: [Int] = []

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func scan(limit: Int) {
    var index = 0
    while index < bytes.count, faults.count < limit {
      let byte = bytes[index]
      switch byte {
      case UInt8(ascii: "["):
        if let end = bracketInWord(at: index) {
          brackets += [index, end]
          index = end
        }
        index += 1
      case UInt8(ascii: "\\"):
        // A mask may not be made behind the scanner's back.
        if escapesMask(at: index) { refuse("\u{e000}", at: index) }
        index += 1
      case 0x20...0x7e, 0x09, 0x0a: index += 1
      case 0x0d:
        if index + 1 == bytes.count || bytes[index + 1] != 0x0a { refuse("\r", at: index) }
        index += 1
      case 0x80...: index += scanMultibyte(at: index)
      default:
        refuse(Unicode.Scalar(byte), at: index)
        index += 1
      }
    }
  }

  /// The offset of the `]` that closes a bracket which continues a word: `db-[1..3]`, `10.1.[4..6]`.
  ///
  /// A colon continues a word only before a range (`2001:db8::[1..3]`) and never behind a quote
  /// (`"addresses":[...]` of JSON).
  private func bracketInWord(at open: Int) -> Int? {
    guard open > 0 else { return nil }
    let before = bytes[open - 1]
    let isColon = before == UInt8(ascii: ":")
    if isColon {
      guard open > 1, !Self.isQuote(bytes[open - 2]) else { return nil }
    } else if before == UInt8(ascii: "]") {
      guard brackets.last == open - 1 else { return nil }
    } else {
      guard Self.continuesWord(before) else { return nil }
    }
    var end = open + 1
    while end < bytes.count, end - open <= 64, Self.standsInBrackets(bytes[end]) { end += 1 }
    guard end < bytes.count, bytes[end] == UInt8(ascii: "]"), end > open + 1 else { return nil }
    if isColon {
      let inside = bytes[(open + 1)..<end]
      guard inside.contains(UInt8(ascii: ".")),
        inside.allSatisfy({ $0 == UInt8(ascii: ".") || (0x30...0x39).contains($0) })
      else { return nil }
    }
    return end
  }

  /// Whether a backslash begins `\uE000`, `\uE001` or their eight-digit forms.
  private func escapesMask(at index: Int) -> Bool {
    let text = String(decoding: bytes[index...].prefix(10), as: UTF8.self).lowercased()
    return text.hasPrefix("\\ue00") || text.hasPrefix("\\u0000e00")
  }

  private static func isQuote(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'")
  }

  private static func continuesWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "["), UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: ","), UInt8(ascii: "\\"): false
    default: byte > 0x20 && byte != 0x7f && !isQuote(byte)
    }
  }

  private static func standsInBrackets(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
      true
    default: false
    }
  }

  /// The length of what begins at `index`: a character, or one byte that is none.
  private mutating func scanMultibyte(at index: Int) -> Int {
    // Lengths and ranges of well-formed sequences: Unicode Standard, table 3-7.
    let first = bytes[index]
    let count: Int
    var second: ClosedRange<UInt8> = 0x80...0xbf
    switch first {
    case 0xc2...0xdf: count = 2
    case 0xe0: (count, second) = (3, 0xa0...0xbf)
    case 0xed: (count, second) = (3, 0x80...0x9f)
    case 0xe1...0xef: count = 3
    case 0xf0: (count, second) = (4, 0x90...0xbf)
    case 0xf4: (count, second) = (4, 0x80...0x8f)
    case 0xf1...0xf3: count = 4
    default: count = 0
    }
    guard count > 0, index + count <= bytes.count, second.contains(bytes[index + 1]),
      bytes[(index + 2)..<(index + count)].allSatisfy({ (0x80...0xbf).contains($0) })
    else {
      add("the file is not UTF-8: byte 0x\(String(first, radix: 16))", "save it as UTF-8", at: index)
      // What can only continue a character is the same mistake.
      return 1 + bytes[(index + 1)...].prefix { (0x80...0xbf).contains($0) }.count
    }
    var value = UInt32(first) & (0x7f >> UInt32(count))
    for byte in bytes[(index + 1)..<(index + count)] { value = value << 6 | UInt32(byte & 0x3f) }
    if let scalar = Unicode.Scalar(value), !ForbiddenCharacter.isAllowed(scalar) { refuse(scalar, at: index) }
    return count
  }

  private mutating func refuse(_ scalar: Unicode.Scalar, at offset: Int) {
    add(ForbiddenCharacter.message(scalar), ForbiddenCharacter.help, at: offset)
  }

  private mutating func add(_ message: String, _ help: String, at offset: Int) {
    let before = bytes[..<offset]
    let lineStart = (before.lastIndex(of: 0x0a) ?? -1) + 1
    let line = before.count { $0 == 0x0a } + 1
    let column = before[lineStart...].count { $0 & 0xc0 != 0x80 } + 1
    faults.append(YAMLText.Fault(line: line, column: column, message: message, help: help))
  }
}
