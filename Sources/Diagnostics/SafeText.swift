/// Text of an input as a terminal may show it.
///
/// An attacker who can write to an inventory must not be able to hide or reorder what a reviewer
/// sees: control, bidirectional and invisible characters are shown as their code point.
public enum SafeText {
  /// `<U+202E>` for characters that move, hide or act; every other character unchanged.
  public static func escaped(_ text: some StringProtocol) -> String {
    var out = ""
    for scalar in text.unicodeScalars { append(scalar, to: &out) }
    return out
  }

  /// Quotes a user's text in a message, escaped and no longer than a name may be.
  public static func quoted(_ text: some StringProtocol) -> String {
    let limit = 64
    let shown = escaped(String(String.UnicodeScalarView(text.unicodeScalars.prefix(limit))))
    return text.unicodeScalars.dropFirst(limit).isEmpty ? "`\(shown)`" : "`\(shown)…`"
  }

  /// `U+202E`.
  public static func codePoint(_ scalar: Unicode.Scalar) -> String {
    let hex = String(scalar.value, radix: 16, uppercase: true)
    return "U+" + String(repeating: "0", count: max(0, 4 - hex.count)) + hex
  }

  /// Appends a character as it may be shown.
  static func append(_ scalar: Unicode.Scalar, to out: inout String) {
    if isShown(scalar) {
      out.unicodeScalars.append(scalar)
    } else {
      out += "<\(codePoint(scalar))>"
    }
  }

  /// Columns of a terminal that ``append(_:to:)`` fills.
  static func width(_ scalar: Unicode.Scalar) -> Int {
    if scalar.isASCII { return isShown(scalar) ? 1 : 8 }
    guard isShown(scalar) else { return codePoint(scalar).utf8.count + 2 }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark: return 0
    default: return wide.contains { $0.contains(scalar.value) } ? 2 : 1
    }
  }

  private static func isShown(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII { return scalar.value >= 0x20 && scalar.value != 0x7f }
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned:
      return false
    // Fillers of writing that is made of parts are letters, and nothing is seen of them; variations are seen.
    default: return !scalar.properties.isDefaultIgnorableCodePoint || (0xfe00...0xfe0f) ~= scalar.value
    }
  }

  /// The blocks that terminals draw in two columns (Unicode Standard Annex 11, wide and fullwidth).
  private static let wide: [ClosedRange<UInt32>] = [
    0x1100...0x115f, 0x2e80...0x303e, 0x3041...0x4dbf, 0x4e00...0xa4cf, 0xa960...0xa97f, 0xac00...0xd7a3,
    0xf900...0xfaff, 0xfe30...0xfe6f, 0xff01...0xff60, 0xffe0...0xffe6, 0x1f300...0x1f64f,
    0x1f680...0x1f6ff, 0x1f900...0x1faff, 0x20000...0x3fffd,
  ]
}
