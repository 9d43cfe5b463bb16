/// Whether the text of diagnostics carries terminal colours; the caller knows the terminal.
public enum DiagnosticStyle: Hashable, Sendable {
  case plain
  case coloured

  func paint(_ text: String, _ code: String) -> String {
    self == .plain ? text : "\u{1b}[\(code)m\(text)\u{1b}[0m"
  }
}

extension DiagnosticReport {
  /// The report for people: place, message, source line, underline, and what to write instead.
  ///
  /// At most `limit` diagnostics are written, errors before warnings and notes where not all fit;
  /// a last line counts the rest. Empty for no diagnostics, else it ends with a line break. Messages and help
  /// are broken where a terminal of `columns` ends, source lines are not.
  public func text(
    _ sources: Sources, style: DiagnosticStyle = .plain, columns: Int? = nil, limit: Int = 100
  ) -> String {
    let shown = diagnostics.enumerated()
      .sorted { ($0.element.severity, $0.offset) < ($1.element.severity, $1.offset) }
      .prefix(limit).sorted { $0.offset < $1.offset }.map(\.element)
    let lines = sources.lines(shown.flatMap { [$0.location] + $0.related.map(\.location) })
    var out = ""
    for diagnostic in shown {
      write(
        (diagnostic.location, diagnostic.length), diagnostic.severity.rawValue, diagnostic.message,
        help: diagnostic.help)
      for place in diagnostic.related {
        write((place.location, place.length), "note", place.message, help: nil)
      }
    }
    let rest = Severity.allCases.reduce(0) { $0 + count($1) } - shown.count
    if rest > 0 { out += "and \(rest) more; in all \(summary)\n" }
    return out

    func write(_ place: (at: SourceLocation, length: Int), _ kind: String, _ message: String, help: String?) {
      let path = SafeText.escaped(sources.shownPath(place.at.file))
      let position = place.at.line > 0 ? "\(path):\(place.at.line):\(place.at.column)" : path
      let colour = ["error": "1;31", "warning": "1;35"][kind] ?? "1;36"
      let head = "\(style.paint("\(position):", "1")) \(style.paint("\(kind):", colour)) "
      out += wrapped(head + style.paint(SafeText.escaped(message), "1"), indent: 4)
      let number = "\(place.at.line)"
      let margin = String(repeating: " ", count: max(number.utf8.count, 4))
      if let line = lines[SourceLine(file: place.at.file, line: place.at.line)] {
        let excerpt = SourceExcerpt(line: line, column: place.at.column, length: place.length)
        out += "\(margin.dropFirst(number.utf8.count))\(number) | \(excerpt.text)\n"
        out += "\(margin) | \(style.paint(excerpt.underline, colour))\n"
      }
      if let help {
        out += wrapped(
          "\(margin) = \(style.paint("help:", "1")) \(SafeText.escaped(help))",
          indent: margin.utf8.count + " = help: ".utf8.count)
      }
    }

    func wrapped(_ line: String, indent: Int) -> String {
      LineWrap.wrapped(line, columns: columns, indent: indent) + "\n"
    }
  }
}
