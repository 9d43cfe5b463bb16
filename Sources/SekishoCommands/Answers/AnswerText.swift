internal import Diagnostics

/// Answers as text: chapters to standard output, what is about the answer to standard error.
struct AnswerText {
  let console: Console

  func write(_ parts: [Answer.Part]) throws {
    var rest = parts[...]
    while let part = rest.first {
      let failed = Array(rest.prefix(while: \.isFailure))
      rest = rest.dropFirst(max(failed.count, 1))
      switch part {
      case .chapter(let chapter):
        if chapter.kind == .advice, console.quiet { continue }
        if !chapter.title.isEmpty { try line(styled(chapter.title), indent: 2) }
        for entry in chapter.entries { try write(entry, indent: chapter.title.isEmpty ? 0 : 2) }
      case .summary(let text), .remark(let text): console.message(text)
      case .detail(let text): console.detail(text)
      case .failure: tell(failed)
      case .verbatim(let bytes): try console.write(bytes)
      case .diagnostics(let report, let sources):
        if console.quiet, !report.hasErrors { continue }
        let style: DiagnosticStyle = console.messageColour ? .coloured : .plain
        console.raw(report.text(sources, style: style, columns: console.messageColumns))
      }
    }
  }

  /// What many hosts have in common is told once, as of the first, and then who else has it.
  private func tell(_ failures: [Answer.Part]) {
    var groups: [String: [String]] = [:]
    var order: [(host: String?, key: String, text: String)] = []
    for case .failure(let text, let host) in failures {
      // A reason may name the host that it is about; as a part of a word it is something else.
      let key = host.map { host in
        text.split(separator: " ", omittingEmptySubsequences: false).map { word in
          word.hasPrefix(host) && ["", ":", ",", ";"].contains(word.dropFirst(host.count))
            ? "\n\(word.dropFirst(host.count))" : String(word)
        }
        .joined(separator: " ")
      }
      if let host, let key {
        groups[key, default: []].append(host)
        if groups[key]?.count != 1 { continue }
      }
      order.append((host, key ?? text, text))
    }
    for (host, key, text) in order {
      guard let host, let others = groups[key]?.dropFirst() else {
        console.error(text)
        continue
      }
      console.error("\(host): \(text)")
      if others.isEmpty { continue }
      let hosts = others.count == 1 ? "1 more host" : "\(others.count) more hosts"
      console.error("\(hosts) likewise: \(others.joined(separator: ", "))")
    }
  }

  private func write(_ entry: Entry, indent: Int) throws {
    var text = String(repeating: " ", count: indent)
    if let mark = entry.mark { text += "\(styled(Words(mark.sign, mark.role))) " }
    if let ends = entry.ends { text += SafeText.escaped("\(ends.from) → \(ends.to)  ") }
    text += styled(entry.words)
    if !entry.note.isEmpty { text += "  \(styled(Words(entry.note, .faint)))" }
    let markWidth = max(entry.mark.map { $0.sign.count + 1 } ?? 0, 2)
    try line(text, indent: indent + markWidth + 2)
    for other in entry.below { try write(other, indent: indent + markWidth + 2) }
  }

  private func line(_ text: String, indent: Int) throws {
    let text = LineWrap.wrapped(text, columns: console.columns, indent: indent)
    try console.write(Array((text + "\n").utf8))
  }

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
