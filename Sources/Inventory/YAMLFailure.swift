import Diagnostics

/// libyaml's failures in words that say what to do.
enum YAMLFailure {
  /// - Parameter bytes: What libyaml read.
  static func diagnostic(_ failure: YAMLParser.Failure, in bytes: [UInt8], file: String) -> Diagnostic {
    if let unseparated = unseparated(failure, in: bytes, file) { return unseparated }
    if let odd = oddSpace(failure, in: bytes, file) { return odd }
    if failure.problem == mappingGoesOn, let open = failure.context?.mark,
      let torn = TornText(inMappingAt: open.line, open.column, of: bytes)
    {
      return torn.diagnostic(file)
    }
    let known = words.first { $0.problem == failure.problem }
    if let known, let context = failure.context, isAboutItsBeginning.contains(known.problem) {
      return Diagnostic(
        .error, at: location(context.mark, file), length: 1, message: known.message, help: known.help)
    }
    if failure.problem == cannotBegin, byte(at: failure.mark, in: bytes) == UInt8(ascii: "\t") {
      return Diagnostic(
        .error, at: location(failure.mark, file), length: 1, message: "a tab in the indentation",
        help: "indent with spaces")
    }
    let message = known?.message ?? "this is not YAML: \(failure.problem)"
    var related: [RelatedPlace] = []
    if let context = failure.context,
      context.mark.line != failure.mark.line || context.mark.column != failure.mark.column,
      let what = contexts.first(where: { context.text.hasSuffix($0.suffix) })?.words
    {
      related.append(
        RelatedPlace(location: location(context.mark, file), length: 1, message: "\(what) begins here"))
    }
    return Diagnostic(
      .error, at: location(failure.mark, file), length: 1, message: message,
      help: known?.help ?? "quote texts that hold special characters, and check the indentation",
      related: related)
  }

  private static let mappingGoesOn = "did not find expected ',' or '}'"
  private static let cannotBegin = "found character that cannot start any token"

  /// Problems that libyaml sees at the end of a file and that a user made where something began.
  private static let isAboutItsBeginning = ["found unexpected end of stream", "could not find expected ':'"]

  /// A space that is none, in the line where libyaml stops or in the one that it began to wonder at: `key:` and such a
  /// space are one word to YAML.
  private static func oddSpace(_ failure: YAMLParser.Failure, in bytes: [UInt8], _ file: String)
    -> Diagnostic?
  {
    let lines = Set([failure.mark.line] + (failure.context.map { [$0.mark.line] } ?? [])).sorted()
    for line in lines {
      let parts = bytes.split(separator: 0x0a, maxSplits: line + 1, omittingEmptySubsequences: false)
      guard line < parts.count else { continue }
      let text = String(decoding: parts[line], as: UTF8.self)
      guard let space = OddSpace.first(in: text) else { continue }
      let column = text.unicodeScalars.prefix { $0 != space }.count
      return oddSpace(space, at: SourceLocation(file: file, line: line + 1, column: column + 1))
    }
    return nil
  }

  private static func byte(at mark: YAMLParser.Mark, in bytes: [UInt8]) -> UInt8? {
    var rest = bytes[...]
    for _ in 0..<mark.line {
      guard let end = rest.firstIndex(of: 0x0a) else { return nil }
      rest = rest[(end + 1)...]
    }
    // A character begins at every byte that continues none.
    return rest.lazy.filter { $0 & 0xc0 != 0x80 }.dropFirst(mark.column).first
  }

  private static func location(_ mark: YAMLParser.Mark, _ file: String) -> SourceLocation {
    SourceLocation(file: file, line: mark.line + 1, column: mark.column + 1)
  }

  private static let contexts: [(suffix: String, words: String)] = [
    ("flow sequence", "the list"), ("flow mapping", "the mapping"), ("block mapping", "the mapping"),
    ("block collection", "the list"), ("quoted scalar", "the quoted text"), ("block scalar", "the text"),
    ("simple key", "the line"),
  ]

  /// In the order of libyaml's scanner and parser.
  private static let words: [(problem: String, message: String, help: String)] = [
    (
      "did not find expected ',' or ']'", "the list is not closed here, or a comma is missing",
      "separate items with `, ` and close the list with `]`; write a range as `[1..3]`"
    ),
    (
      mappingGoesOn, "the mapping is not closed here, or a comma is missing",
      "separate entries with `, ` and close the mapping with `}`"
    ),
    (
      cannotBegin, "a value cannot begin with this character",
      "quote a text that begins with a special character"
    ),
    (
      "found a tab character that violates indentation", "a tab in the indentation", "indent with spaces"
    ),
    (
      "mapping values are not allowed in this context", "a `:` that separates nothing",
      "quote a text that holds `: `, and check the indentation"
    ),
    (
      "could not find expected ':'", "a key without its `:`",
      "write `key: value`, or quote a text of several lines"
    ),
    (
      "did not find expected key", "a key was expected here",
      "check the indentation: keys of one mapping stand in one column"
    ),
    (
      "did not find expected '-' indicator", "an item of the list was expected here",
      "begin it with `- ` in the same column"
    ),
    (
      "found unexpected end of stream", "the quoted text is not closed",
      "close it with the quote it began with"
    ),
    ("found unexpected document indicator", "`---` inside a quoted text", "close the quote before it"),
    (
      "found unknown escape character", "an unknown escape after a backslash",
      "use single quotes for a text with backslashes"
    ),
    (
      "found invalid Unicode character escape code", "an escape that stands for no character",
      "write the character itself; JSON's two escapes for one, as in \\ud83d\\ude00, are \\U0001f600 here"
    ),
    (
      "did not find expected alphabetic or numeric character",
      "`*` and `&` begin an alias and an anchor in YAML",
      "every managed host is `all`, addresses outside are a network; an intersection is `api & tokyo`, a name first"
    ),
    (
      "did not find expected whitespace or line break", "`!` begins a tag in YAML, and tags are not read",
      "a selector that excludes needs a name first: `all & !canary`"
    ),
    (
      "found unexpected ':'", "a `:` where none can stand",
      "quote the text; behind a key the colon needs a space, as in `to: [web]`"
    ),
    (
      "block sequence entries are not allowed in this context", "an item of a list cannot begin here",
      "begin the list in a line of its own"
    ),
    (
      "did not find expected <document start>", "text before or after the document",
      "the file must be one mapping from its first line on"
    ),
    (
      "did not find expected node content", "a value was expected here",
      "write the value, or remove the comma or key before it"
    ),
  ]
}
