extension [UInt8] {
  /// Appends a text as a string of JSON: with quotes and every escape it needs (RFC 8259, 7).
  package mutating func append(jsonString text: String) {
    append(UInt8(ascii: "\""))
    defer { append(UInt8(ascii: "\"")) }
    let start = count
    self += text.utf8
    // Few strings need an escape.
    if !self[start...].contains(where: { $0 < 0x20 || $0 == 0x22 || $0 == 0x5c }) { return }
    removeSubrange(start...)
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): self += [UInt8(ascii: "\\"), byte]
      case 0..<0x20:
        self += "\\u00".utf8
        append(Self.digits[Int(byte >> 4)])
        append(Self.digits[Int(byte & 0xf)])
      default: append(byte)
      }
    }
  }

  private static let digits = Array("0123456789abcdef".utf8)
}

extension String {
  /// The text as a string of JSON.
  package var jsonString: String {
    var out: [UInt8] = []
    out.append(jsonString: self)
    return String(decoding: out, as: UTF8.self)
  }
}
