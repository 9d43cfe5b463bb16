import Diagnostics

/// A key and a value with no space between, or keys behind spaces that are none: to YAML they are one word, which goes
/// on in the lines below up to a colon that nobody expects there.
extension YAMLFailure {
  static func unseparated(_ failure: YAMLParser.Failure, in bytes: [UInt8], _ file: String) -> Diagnostic? {
    var line: Int
    switch failure.problem {
    case "mapping values are not allowed in this context", "did not find expected key":
      line = failure.mark.line - 1
    case "could not find expected ':'": line = failure.context?.mark.line ?? failure.mark.line
    default: return nil
    }
    let lines = bytes.split(separator: 0x0a, maxSplits: line + 2, omittingEmptySubsequences: false)
    while line >= 0, line < lines.count {
      let text = Array(String(decoding: lines[line], as: UTF8.self).unicodeScalars)
      let words = text.drop { $0 == " " || $0 == "\t" || $0 == "\r" }
      if let seam = seam(text) { return diagnostic(seam, text, line: line, file) }
      // A word goes on over lines without text, and over none with a key or a comment.
      if words.first == "#" || words.last == ":"
        || zip(words, words.dropFirst()).contains(where: { $0 == (":", " ") })
      {
        return nil
      }
      line -= 1
    }
    return nil
  }

  /// Where something separates nothing: a space that is none ahead of a key or behind its colon, or a value there.
  private static func seam(_ text: [Unicode.Scalar]) -> Int? {
    var place = 0
    while place < text.count,
      text[place] == " " || text[place] == "-" && text.dropFirst(place + 1).first == " "
    {
      place += 1
    }
    guard place < text.count else { return nil }
    if OddSpace.isOne(text[place]) { return place }
    guard let colon = text[place...].firstIndex(of: ":"), colon + 1 < text.count else { return nil }
    if OddSpace.isOne(text[colon + 1]) {
      // The first colon of a text is no other: `why: Note` and such a space would have been told where libyaml stops.
      return text[place..<colon].contains(" ") ? nil : colon + 1
    }
    let isKey = Keyword(rawValue: string(text[place..<colon])) != nil
    return isKey && ![" ", "\t", "\r"].contains(text[colon + 1]) ? colon + 1 : nil
  }

  private static func diagnostic(_ seam: Int, _ text: [Unicode.Scalar], line: Int, _ file: String)
    -> Diagnostic
  {
    let place = SourceLocation(file: file, line: line + 1, column: seam + 1)
    if OddSpace.isOne(text[seam]) { return oddSpace(text[seam], at: place) }
    let key = string(text[..<(seam - 1)].drop { $0 == " " || $0 == "-" })
    let value = SafeText.escaped(string(text[seam...].filter { $0 != "\r" }))
    return Diagnostic(
      .error, at: place, length: 1, message: "this is not YAML: nothing separates `\(key):` from its value",
      help: "write a space behind the colon: `\(key): \(value)`")
  }

  static func oddSpace(_ space: Unicode.Scalar, at place: SourceLocation) -> Diagnostic {
    Diagnostic(
      .error, at: place, length: 1,
      message: "this is not YAML: the character \(SafeText.codePoint(space)) separates nothing",
      help: OddSpace.helpWhereNeeded(space))
  }

  private static func string(_ scalars: some Sequence<Unicode.Scalar>) -> String {
    var text = String.UnicodeScalarView()
    text.append(contentsOf: scalars)
    return String(text)
  }
}
