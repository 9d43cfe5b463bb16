/// Lines that end where a terminal does: between words, and not in the middle of one.
public enum LineWrap {
  /// A line in as many as it takes, all but the first indented, without a line break at the end.
  ///
  /// Spaces where it is broken go; a word that is longer than a line stays whole, and so does what somebody may copy to a shell: what
  /// stands in backquotes, or behind a colon and two spaces. Half of a command may be another one. Colours (SGR sequences of ECMA-48) take no
  /// columns, and go on behind a break.
  ///
  /// - Parameters:
  ///   - line: without a line break in it.
  ///   - columns: of the terminal; `nil`, or too few to indent anything: the line as it is.
  ///   - indent: of the lines behind the first, in columns.
  public static func wrapped(_ line: String, columns: Int?, indent: Int) -> String {
    guard let columns, columns >= 40, line.utf8.count > columns else { return line }
    let indent = min(indent, columns / 2)
    var out = ""
    var used = 0
    var hasWord = false
    for piece in pieces(line) {
      let needed = piece.spaces + piece.columns
      if hasWord, used + needed > columns {
        out += "\n" + String(repeating: " ", count: indent) + piece.text
        used = indent + piece.columns
      } else {
        out += String(repeating: " ", count: piece.spaces) + piece.text
        used += needed
      }
      hasWord = hasWord || piece.columns > 0
    }
    return out
  }

  /// A word with the spaces ahead of it.
  private struct Piece {
    var spaces = 0
    var text = ""
    var columns = 0
  }

  private static func pieces(_ line: String) -> [Piece] {
    var result: [Piece] = []
    var piece = Piece()
    var isInSequence = false
    var isQuoted = false
    var isCommand = false
    for scalar in line.unicodeScalars {
      if scalar == " ", !isInSequence, !isQuoted, !isCommand || piece.text.isEmpty {
        if !piece.text.isEmpty {
          result.append(piece)
          piece = Piece()
        }
        piece.spaces += 1
        if piece.spaces == 2, result.last?.text.hasSuffix(":") == true { isCommand = true }
        continue
      }
      if scalar == "`" { isQuoted.toggle() }
      piece.text.unicodeScalars.append(scalar)
      if scalar == "\u{1b}" { isInSequence = true }
      if !isInSequence { piece.columns += SafeText.width(scalar) }
      if scalar == "m" { isInSequence = false }
    }
    result.append(piece)
    return result
  }
}
