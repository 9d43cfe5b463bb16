import Diagnostics

/// The bytes of a file as libyaml may see them.
///
/// Two things happen before libyaml: what is not plain text is refused, and brackets inside a word
/// are masked. `10.20.3.[11..13]` cannot be a plain scalar of a YAML flow sequence, because a bracket
/// ends it there and what follows is a syntax error somewhere else; a private-use character of the same width in
/// characters can. The tree restores it, so that every value and every column is as the user wrote it, and a text that
/// needs quotes for that is refused by name.
struct YAMLText {
  /// Stand for `[` and `]` inside a word; U+E000 and U+E001 are refused in files.
  static let maskedOpen: [UInt8] = [0xee, 0x80, 0x80]
  static let maskedClose: [UInt8] = [0xee, 0x80, 0x81]

  /// What libyaml reads.
  let bytes: [UInt8]
  /// Whether ``bytes`` holds masked brackets.
  let isMasked: Bool

  /// Something in a file that is not text.
  struct Fault {
    let line: Int
    let column: Int
    let message: String
    let help: String?
  }

  /// Faults reported in one file; the rest is the same mistake.
  private static let faultLimit = 20

  /// - Returns: The text, or `nil` with at least one fault.
  static func read(_ bytes: [UInt8], faults: inout [Fault]) -> Self? {
    if let fault = wrongEncoding(bytes) {
      faults.append(fault)
      return nil
    }
    var scanner = YAMLTextScanner(bytes)
    scanner.scan(limit: faultLimit)
    faults += scanner.faults
    guard scanner.faults.isEmpty else { return nil }
    guard !scanner.brackets.isEmpty else { return Self(bytes: bytes, isMasked: false) }
    var masked: [UInt8] = []
    masked.reserveCapacity(bytes.count + 2 * scanner.brackets.count)
    var start = 0
    for offset in scanner.brackets {
      masked += bytes[start..<offset]
      masked += bytes[offset] == UInt8(ascii: "[") ? maskedOpen : maskedClose
      start = offset + 1
    }
    masked += bytes[start...]
    return Self(bytes: masked, isMasked: true)
  }

  private static func wrongEncoding(_ bytes: [UInt8]) -> Fault? {
    let encoding: String
    if bytes.starts(with: [0xff, 0xfe]) || bytes.starts(with: [0xfe, 0xff]) {
      encoding = "is UTF-16"
    } else if bytes.starts(with: [0xef, 0xbb, 0xbf]) {
      encoding = "begins with a byte order mark"
    } else {
      return nil
    }
    return Fault(
      line: 0, column: 0, message: "the file \(encoding)", help: "save it as UTF-8 without a byte order mark")
  }
}

extension YAMLText {
  /// Appends a scalar's text with its brackets as the user wrote them.
  static func appendUnmasked(_ value: UnsafeRawBufferPointer, to text: inout [UInt8]) {
    var index = 0
    while index < value.count {
      let byte = unsafe value[index]
      // U+E000 and U+E001 reach a scalar as masks only: the scanner refuses them and their escapes.
      if byte == maskedOpen[0], index + 2 < value.count,
        unsafe value[index + 1] == maskedOpen[1], unsafe value[index + 2] & 0xfe == 0x80
      {
        text.append(unsafe value[index + 2] == 0x80 ? UInt8(ascii: "[") : UInt8(ascii: "]"))
        index += 3
      } else {
        text.append(byte)
        index += 1
      }
    }
  }
}
