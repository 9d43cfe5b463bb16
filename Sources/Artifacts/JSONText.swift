internal import JSONStrings
internal import Policy

/// Pieces of JSON text.
enum JSONText {
  /// Appends a list of strings.
  static func append(_ texts: [String], to out: inout [UInt8]) {
    out.append(UInt8(ascii: "["))
    for (index, text) in texts.enumerated() {
      if index > 0 { out += ", ".utf8 }
      out.append(jsonString: text)
    }
    out.append(UInt8(ascii: "]"))
  }

  static func append(_ modes: Modes, to out: inout [UInt8]) {
    var isFirst = true
    for direction in Direction.allCases {
      out += isFirst ? "{".utf8 : ", ".utf8
      isFirst = false
      out.append(jsonString: direction.rawValue)
      out += ": ".utf8
      out.append(jsonString: modes[direction].rawValue)
    }
    out.append(UInt8(ascii: "}"))
  }

  static func isHexDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
      || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
  }
}
