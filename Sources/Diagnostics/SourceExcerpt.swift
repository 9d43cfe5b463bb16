/// A source line and the underline of a place in it, safe for a terminal.
struct SourceExcerpt {
  /// The line, or the part of a long one around the place.
  let text: String
  /// Spaces, then a caret under each column of the place.
  let underline: String

  /// Columns shown of a line; a file may be one line of megabytes.
  private static let budget = 140
  private static let leadIn = 60

  /// - Parameters:
  ///   - column: 1-based, in characters; one past the line's end is the end itself.
  init(line: [UInt8], column: Int, length: Int) {
    // Four bytes a character at most: only what can be shown is decoded.
    let all = Self.scalars(line, limit: column + Self.budget)
    let first = column > Self.budget - 20 ? column - 1 - Self.leadIn : 0
    var text = first > 0 ? "…" : ""
    var lead = first > 0 ? 1 : 0
    var marked = 0
    var used = lead
    var index = first
    while index < all.count, used < Self.budget {
      let scalar = all[index]
      let width = scalar == "\t" ? 4 : SafeText.width(scalar)
      if scalar == "\t" { text += "    " } else { SafeText.append(scalar, to: &text) }
      if index < column - 1 { lead += width } else if index < column - 1 + length { marked += width }
      used += width
      index += 1
    }
    if index < all.count { text += "…" }
    self.text = text
    underline = String(repeating: " ", count: lead) + String(repeating: "^", count: max(marked, 1))
  }

  private static func scalars(_ line: [UInt8], limit: Int) -> [Unicode.Scalar] {
    var bytes = line[...]
    if bytes.last == 0x0d { bytes = bytes.dropLast() }
    bytes = bytes.prefix(limit * 4 + 4)
    return Array(String(decoding: bytes, as: UTF8.self).unicodeScalars.prefix(limit + 1))
  }
}
