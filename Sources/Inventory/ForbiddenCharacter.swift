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
    // Soft hyphen, Arabic letter mark, zero width space, marks and embeddings of direction, separators.
    case 0xad, 0x61c, 0x200b, 0x200e, 0x200f, 0x2028...0x202e, 0x2060...0x206f, 0xfeff: false
    // Private use (the masks of brackets among them), noncharacters, tags.
    case 0xe000...0xf8ff, 0xfdd0...0xfdef, 0xfff9...0xffff, 0xe0000...: false
    default: scalar.value & 0xfffe != 0xfffe
    }
  }
}
