internal import Diagnostics

/// Answers as text: chapters to standard output, what is about the answer to standard error.
struct AnswerText {
  let console: Console

  func write(_ parts: [Answer.Part]) throws {
    for part in parts {
      switch part {
      case .chapter(let chapter):
        if chapter.kind == .advice, console.quiet { continue }
        if !chapter.title.isEmpty { try line(styled(chapter.title)) }
        for entry in chapter.entries { try write(entry, indent: chapter.title.isEmpty ? 0 : 2) }
      case .summary(let text), .remark(let text): console.message(text)
      case .detail(let text): console.detail(text)
      case .failure(let text): console.error(text)
      case .verbatim(let bytes): try console.write(bytes)
      case .diagnostics(let report, let sources):
        if console.quiet, !report.hasErrors { continue }
        console.raw(report.text(sources, style: console.messageColour ? .coloured : .plain))
      }
    }
  }

  private func write(_ entry: Entry, indent: Int) throws {
    var text = String(repeating: " ", count: indent)
    if let mark = entry.mark { text += "\(styled(Words(mark.sign, mark.role))) " }
    if let ends = entry.ends { text += SafeText.escaped("\(ends.from) → \(ends.to)  ") }
    text += styled(entry.words)
    if !entry.note.isEmpty { text += "  \(styled(Words(entry.note, .faint)))" }
    try line(text)
    let markWidth = max(entry.mark.map { $0.sign.count + 1 } ?? 0, 2)
    for other in entry.below { try write(other, indent: indent + markWidth + 2) }
  }

  private func line(_ text: String) throws { try console.write(Array((text + "\n").utf8)) }

  /// With nothing in it that a terminal obeys but the styles of roles. It is one line: an end of one within a reason or a name
  /// would let whoever gave it write lines of ours.
  private func styled(_ words: Words) -> String {
    words.spans.map { span in
      let text = SafeText.escaped(span.text)
      guard console.colour, let code = Self.codes[span.role] else { return text }
      return "\u{1b}[\(code)m\(text)\u{1b}[0m"
    }
    .joined()
  }

  /// SGR parameters (ECMA-48).
  private static let codes: [Words.Role: String] = [
    .strong: "1", .faint: "2", .opens: "32", .closes: "31", .changes: "33",
  ]
}
