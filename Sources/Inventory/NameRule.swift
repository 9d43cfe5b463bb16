import Diagnostics

/// What may be a name: `[a-z0-9._-]`, beginning with a letter or digit, 63 characters at most.
///
/// Names become file names, arguments of commands and names in the kernel.
enum NameRule {
  static let maximumLength = 63

  struct Fault {
    let message: String
    let help: String
  }

  /// - Parameter isPlain: Whether the name stands in YAML without quotes.
  /// - Returns: `nil` for a good name.
  static func fault(_ bytes: ArraySlice<UInt8>, isPlain: Bool) -> Fault? {
    guard let first = bytes.first else {
      return Fault(message: "a name is missing", help: "write a name of [a-z0-9._-]")
    }
    var isGood = isLetterOrDigit(first) && bytes.count <= maximumLength
    var hasLetter = false
    for byte in bytes {
      if isLetter(byte) { hasLetter = true } else if !isOther(byte) { isGood = false }
    }
    guard isGood else { return describe(bytes) }
    if !hasLetter {
      return Fault(
        message: "\(SafeText.quoted(text(bytes))) reads as a number or an address, not as a name",
        help: "choose a name with a letter in it")
    }
    if isPlain, PlainScalar(bytes) != .text {
      let name = String(decoding: bytes, as: UTF8.self)
      return Fault(
        message: "`\(name)` without quotes is not a text for every YAML reader",
        help: "write \"\(name)\" in quotes, or choose another name")
    }
    return nil
  }

  /// Reserved in the namespace of hosts, groups, zones and networks.
  static let reserved: [Keyword] = [.all, .managed, .private]

  private static func describe(_ bytes: ArraySlice<UInt8>) -> Fault {
    let name = text(bytes)
    let shown = SafeText.quoted(name)
    if bytes.elementsEqual("~".utf8) {
      return Fault(message: "`~` is null in YAML, not a name", help: "write a name of [a-z0-9._-]")
    }
    for scalar in name.unicodeScalars {
      if OddSpace.isOne(scalar) {
        return Fault(
          message: "the name \(shown) holds the character \(SafeText.codePoint(scalar))",
          help: OddSpace.help(scalar))
      }
      if !scalar.isASCII {
        return Fault(
          message:
            "the name \(shown) holds the character \(SafeText.codePoint(scalar)), which is not of [a-z0-9._-]",
          help: "use ASCII letters: some other letters look the same and are not")
      }
      if scalar.properties.isUppercase {
        return Fault(
          message: "the name \(shown) holds the capital letter `\(scalar)`",
          help: "write \(SafeText.quoted(name.lowercased()))")
      }
      if !(isLetter(UInt8(ascii: scalar)) || isOther(UInt8(ascii: scalar))) {
        return Fault(
          message: "the name \(shown) holds the character `\(SafeText.escaped(String(scalar)))`",
          help: "write a name of [a-z0-9._-]")
      }
    }
    if bytes.count > maximumLength {
      return Fault(
        message: "the name \(shown) has \(bytes.count) characters",
        help: "\(maximumLength) at most: choose a shorter one")
    }
    return Fault(
      message: "the name \(shown) begins with `\(name.prefix(1))`", help: "begin it with a letter or a digit")
  }

  private static func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }

  private static func isLetter(_ byte: UInt8) -> Bool {
    byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z")
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
  }

  private static func isLetterOrDigit(_ byte: UInt8) -> Bool { isLetter(byte) || isDigit(byte) }

  private static func isOther(_ byte: UInt8) -> Bool {
    isDigit(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
  }
}
