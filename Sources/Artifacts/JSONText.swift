internal import Policy

/// Pieces of JSON text.
enum JSONText {
  /// Appends a string with quotes and every escape it needs (RFC 8259, 7).
  static func append(_ text: String, to out: inout [UInt8]) {
    out.append(UInt8(ascii: "\""))
    defer { out.append(UInt8(ascii: "\"")) }
    let start = out.count
    out += text.utf8
    // Few strings need an escape.
    if !out[start...].contains(where: { $0 < 0x20 || $0 == 0x22 || $0 == 0x5c }) { return }
    out.removeSubrange(start...)
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        out += [UInt8(ascii: "\\"), byte]
      case 0..<0x20:
        let digits = Array("0123456789abcdef".utf8)
        out += Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 0xf)]]
      default: out.append(byte)
      }
    }
  }

  static func string(_ text: String) -> String {
    var out: [UInt8] = []
    append(text, to: &out)
    return String(decoding: out, as: UTF8.self)
  }

  /// Appends a list of strings.
  static func append(_ texts: [String], to out: inout [UInt8]) {
    out.append(UInt8(ascii: "["))
    for (index, text) in texts.enumerated() {
      if index > 0 { out += ", ".utf8 }
      append(text, to: &out)
    }
    out.append(UInt8(ascii: "]"))
  }

  static func append(_ modes: Modes, to out: inout [UInt8]) {
    var isFirst = true
    for direction in Direction.allCases {
      out += isFirst ? "{".utf8 : ", ".utf8
      isFirst = false
      append(direction.rawValue, to: &out)
      out += ": ".utf8
      append(modes[direction].rawValue, to: &out)
    }
    out.append(UInt8(ascii: "}"))
  }

  static func isHexDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
      || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
  }
}
