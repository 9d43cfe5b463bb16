internal import ConnectionDiff
internal import Diagnostics
internal import Lint

extension MeaningReport {
  /// For a pull request: a table a chapter.
  func writeMarkdown() throws {
    try console.line("### Connections")
    try console.line()
    try console.line("\(summary.prefix(1).uppercased())\(summary.dropFirst()).")
    for chapter in chapters { try table(chapter) }
    try table(Chapter(title: Self.perhaps, opened: diff.mayOpen, closed: diff.mayClose))
    try table(Chapter(title: Self.half, opened: diff.halfOpened, closed: diff.halfClosed))
    try table(Chapter(title: Self.forwards, opened: diff.forwardOpened, closed: diff.forwardClosed))
    try table(Chapter(title: Self.later, opened: diff.laterOpened, closed: diff.laterClosed))
    var items = modes + forwarding
    items += diff.ends.map { "\($0.flow) ends \(words($0.new)), not \(words($0.old))" }
    try list("Modes and ends", items)
    try list("Risks", diff.risks.map { "\($0.flow.map { "\($0) " } ?? "")\($0.message)" })
    try list("An intruder's reach, in 1, 2 and \(ReachChange.hops) connections", reach?.lines ?? [])
    try list("Findings that the change brings", findings?.findings.map(\.message) ?? [])
  }

  private func table(_ chapter: Chapter) throws {
    if chapter.opened.isEmpty, chapter.closed.isEmpty { return }
    try console.line()
    try console.line("**\(chapter.title)**")
    try console.line()
    try console.line("| | from | to | service | flow |")
    try console.line("|---|---|---|---|---|")
    for line in chapter.opened { try row(line, "➕", new) }
    for line in chapter.closed { try row(line, "➖", old) }
  }

  private func row(_ line: ConnectionLine, _ mark: String, _ sources: Sources) throws {
    let service = line.serviceWords
    let flow = line.flow.map { flow in
      flow + (line.location.map { " (\(place($0, sources)))" } ?? "")
    }
    let cells = [line.from.words, line.to.words, service, flow ?? ""].map(Self.cell)
    try console.line("| \(mark) | \(cells.joined(separator: " | ")) |")
  }

  private func list(_ title: String, _ items: [String]) throws {
    if items.isEmpty { return }
    try console.line()
    try console.line("**\(title)**")
    try console.line()
    for item in items { try console.line("- \(Self.cell(item))") }
  }

  /// A reason or a name must not become a link, a tag or another cell.
  private static func cell(_ text: String) -> String {
    var out = ""
    for character in text {
      if "\\`*_[]<>|#!~&".contains(character) { out.append("\\") }
      out.append(character)
    }
    return out
  }
}
