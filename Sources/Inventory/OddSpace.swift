import Diagnostics

/// Spaces that look like one and are none: what a word processor, a web page or a keyboard of many a country puts
/// where a space was meant.
enum OddSpace {
  /// The first one in a text, as it would be a mistake in a name, a number or between words.
  static func first(in text: some StringProtocol) -> Unicode.Scalar? {
    text.unicodeScalars.first { isOne($0) }
  }

  static func isOne(_ scalar: Unicode.Scalar) -> Bool {
    scalar != " " && scalar.properties.generalCategory == .spaceSeparator
  }

  static func help(_ space: Unicode.Scalar) -> String { "\(what(space)): write a plain space, or none" }

  /// Of one that stands where YAML needs a space.
  static func helpWhereNeeded(_ space: Unicode.Scalar) -> String { "\(what(space)): write a plain space" }

  private static func what(_ space: Unicode.Scalar) -> String {
    let name = [0xa0, 0x202f].contains(space.value) ? "a no-break space" : "no plain space"
    return "it holds \(SafeText.codePoint(space)), \(name)"
  }
}
