import Diagnostics

/// Characters that may stand nowhere in an inventory, be it in a comment or behind an escape.
///
/// A reviewer must see what the compiler reads: what reorders, hides or breaks lines in one reader
/// and not in another is refused.
enum ForbiddenCharacter {
  static let help = "remove it; text must read the same in every editor"

  static func message(_ scalar: Unicode.Scalar) -> String {
    "the character \(SafeText.codePoint(scalar)) is not allowed in an inventory"
  }

  /// Whether a scalar may stand in a file; tab and line feed may, a lone carriage return may not.
  static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09, 0x0a: true
    case 0...0x1f, 0x7f...0x9f: false
    case 0x20...0x7e: true
    // Joiners and variations, which letters and pictures of some writing are made with.
    case 0x200c, 0x200d, 0xfe00...0xfe0f: true
    // Separators of lines, and a pattern without a dot.
    case 0x2028, 0x2029, 0x2800: false
    // Private use (the masks of brackets among them), noncharacters, tags.
    case 0xe000...0xf8ff, 0xfdd0...0xfdef, 0xfff9...0xffff, 0xe0000...: false
    // Soft hyphen, zero width space, marks and embeddings of direction, fillers (UAX 44, Default_Ignorable_Code_Point).
    default: scalar.value & 0xfffe != 0xfffe && !scalar.properties.isDefaultIgnorableCodePoint
    }
  }
}
