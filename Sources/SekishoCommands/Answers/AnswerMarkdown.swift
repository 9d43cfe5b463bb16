internal import Diagnostics

/// Answers as Markdown, for a pull request: a table or a list a chapter.
struct AnswerMarkdown {
  let title: String

  /// - Returns: the document, and what is about the answer and no part of it.
  func document(_ parts: [Answer.Part]) -> (text: String, rest: [Answer.Part]) {
    var faults: [String] = []
    var lead: [String] = []
    var blocks: [String] = []
    var rest: [Answer.Part] = []
    for part in parts {
      switch part {
      case .summary(let text): lead.append("\(Self.sentence(text))")
      // A sentence ahead of everything leads, as it does in text.
      case .chapter(let chapter) where chapter.entries.isEmpty && blocks.isEmpty && lead.isEmpty:
        lead.append(block(chapter))
      case .chapter(let chapter): blocks.append(block(chapter))
      case .diagnostics(let report, let sources):
        if report.hasErrors { faults.append(Self.faults(report, sources)) }
        rest.append(part)
      case .remark, .detail, .failure, .verbatim: rest.append(part)
      }
    }
    return ((faults + ["### \(title)"] + lead + blocks).joined(separator: "\n\n") + "\n", rest)
  }

  /// What forbids a change comes ahead of what it does.
  private static func faults(_ report: DiagnosticReport, _ sources: Sources) -> String {
    let items = report.diagnostics.filter { $0.severity == .error }.flatMap { fault in
      func item(_ text: String, _ place: SourceLocation) -> String {
        "- \(cell("\(text) (\(sources.shownLine(place)))"))"
      }
      return [item(fault.message, fault.location)]
        + fault.related.map { "  \(item($0.message, $0.location))" }
        + (fault.help.map { ["  - \(cell($0))"] } ?? [])
    }
    return (["### Errors", ""] + items).joined(separator: "\n")
  }

  private func block(_ chapter: Chapter) -> String {
    let entries =
      chapter.kind == .connections
      ? ["| | from | to | service | flow |", "|---|---|---|---|---|"] + chapter.entries.flatMap { row($0) }
      : chapter.entries.flatMap { item($0, indent: "") }
    let title = chapter.title.isEmpty ? [] : ["**\(Self.cell(Self.plain(chapter.title)))**"]
    return (title + (title.isEmpty || entries.isEmpty ? [] : [""]) + entries).joined(separator: "\n")
  }

  private func row(_ entry: Entry) -> [String] {
    let (from, to) = entry.ends ?? ("", "")
    let cells = [from, to, Self.plain(entry.words), entry.note].map(Self.cell)
    return ["| \(Self.sign(entry.mark)) | \(cells.joined(separator: " | ")) |"]
      + entry.below.flatMap { row($0) }
  }

  private func item(_ entry: Entry, indent: String) -> [String] {
    let ends = entry.ends.map { "\($0.from) → \($0.to) " } ?? ""
    let note = entry.note.isEmpty ? "" : " (\(entry.note))"
    return ["\(indent)- \(Self.cell(ends + Self.plain(entry.words) + note))"]
      + entry.below.flatMap { item($0, indent: indent + "  ") }
  }

  private static func sign(_ mark: Mark?) -> String {
    switch mark?.sign {
    case "+": "➕"
    case "-": "➖"
    default: cell(mark?.sign ?? "")
    }
  }

  private static func plain(_ words: Words) -> String { words.spans.map(\.text).joined() }

  private static func sentence(_ text: String) -> String {
    cell("\(text.prefix(1).uppercased())\(text.dropFirst()).")
  }

  /// A reason or a name must not become a link, a tag or another cell.
  private static func cell(_ text: String) -> String {
    var out = ""
    for character in SafeText.escaped(text) {
      if "\\`*_[]<>|#!~&".contains(character) { out.append("\\") }
      out.append(character)
    }
    return out
  }
}
