/// What readers of YAML take a scalar without quotes for: those of YAML 1.1, such as PyYAML, and those of the core
/// schema of 1.2 (https://yaml.org/type, and chapter 10.3.2 of the specification of 1.2.2).
///
/// To us every scalar is a text. Where others see something else a value could change its meaning on the way through
/// them: `0123` is 83, `1.0` becomes `1`, `no` is false.
enum PlainScalar {
  case text
  /// A number that all of them write as it was written.
  case integer
  /// A day or a moment, by its form.
  case moment
  /// Another number, a boolean, null, or a key of YAML itself.
  case other

  init(_ bytes: ArraySlice<UInt8>) {
    guard let first = bytes.first else {
      self = .other
      return
    }
    switch first {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
      self = Self.isMoment(bytes) ? .moment : Self.number(bytes)
    case UInt8(ascii: "~"), UInt8(ascii: "="): self = bytes.count == 1 ? .other : .text
    default: self = bytes.count <= 5 && Self.isWord(bytes) ? .other : .text
    }
  }

  private static let words: Set<String> = [
    "no", "yes", "on", "off", "true", "false", "null", "y", "n", "<<", ".inf", ".nan",
  ]

  private static func isWord(_ bytes: ArraySlice<UInt8>) -> Bool {
    words.contains(String(decoding: bytes, as: UTF8.self).lowercased())
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

  private static func number(_ bytes: ArraySlice<UInt8>) -> Self {
    var rest = bytes
    let isSigned = rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-")
    if isSigned { rest = rest.dropFirst() }
    if isWord(rest) { return .other }
    if rest.count > 2, rest.first == 0x30, "box".utf8.contains(rest[rest.startIndex + 1]),
      rest.dropFirst(2).allSatisfy({ isHexadecimal($0) || $0 == UInt8(ascii: "_") })
    {
      return .other
    }
    let digits = rest.prefix { isDigit($0) || $0 == UInt8(ascii: "_") }
    rest = rest.dropFirst(digits.count)
    if rest.isEmpty {
      guard digits.contains(where: isDigit) else { return .text }
      // A number of more than fifteen digits is another one to readers that have only floating-point numbers.
      let isPlain = !isSigned && digits.count <= 15 && !digits.contains(UInt8(ascii: "_"))
      return isPlain && (digits.first != 0x30 || digits.count == 1) ? .integer : .other
    }
    var hasDigits = digits.contains(where: isDigit)
    // Numbers to the base of 60 are separated by colons: the minutes and seconds of YAML 1.1.
    while hasDigits, rest.first == UInt8(ascii: ":") {
      let part = rest.dropFirst().prefix(while: isDigit)
      guard part.count == 1 || part.count == 2 && (part.first ?? 0) < UInt8(ascii: "6") else { return .text }
      rest = rest.dropFirst(1 + part.count)
    }
    if rest.first == UInt8(ascii: ".") {
      let fraction = rest.dropFirst().prefix { isDigit($0) || $0 == UInt8(ascii: "_") }
      hasDigits = hasDigits || fraction.contains(where: isDigit)
      rest = rest.dropFirst(1 + fraction.count)
    }
    if hasDigits, rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
      rest = rest.dropFirst()
      if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
      guard !rest.isEmpty, rest.allSatisfy(isDigit) else { return .text }
      return .other
    }
    return rest.isEmpty && hasDigits ? .other : .text
  }

  private static func isHexadecimal(_ byte: UInt8) -> Bool {
    isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20)
  }

  /// `2027-03-31`, and whatever of a time stands behind it.
  private static func isMoment(_ bytes: ArraySlice<UInt8>) -> Bool {
    guard bytes.count >= 8, bytes[bytes.startIndex + 4] == UInt8(ascii: "-"),
      bytes.prefix(4).allSatisfy(isDigit)
    else { return false }
    var rest = bytes.dropFirst(5)
    for separator in [UInt8(ascii: "-"), nil] {
      let part = rest.prefix(while: isDigit)
      guard part.count == 1 || part.count == 2 else { return false }
      rest = rest.dropFirst(part.count)
      guard let separator else { break }
      guard rest.first == separator else { return false }
      rest = rest.dropFirst()
    }
    return rest.allSatisfy { isDigit($0) || ":.TtZz+- \t".utf8.contains($0) }
  }
}
