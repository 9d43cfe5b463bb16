/// A report as texts without a picture.
package enum ReportText {
  package static func markdown(_ report: Report) -> String {
    var out = "# \(MarkdownTable.cell(report.title))\n\n"
    out += MarkdownTable.of(["what", "value"], report.identity.map { [$0.name, $0.value] })
    for chapter in report.chapters {
      out += "\n## \(MarkdownTable.cell(chapter.title))\n"
      for sentence in chapter.lead { out += "\n\(MarkdownTable.cell(sentence))\n" }
      for table in chapter.tables {
        out += "\n**\(MarkdownTable.cell(table.caption))**\n\n"
        out += table.rows.isEmpty ? "none\n" : MarkdownTable.of(table.columns, table.rows.map(\.cells))
      }
    }
    return out
  }

  /// A line for each cell: chapter, table, number of the row, column, value.
  package static func csv(_ report: Report) -> String {
    var rows = report.identity.map { ["identity", "", "1", $0.name, $0.value] }
    for chapter in report.chapters {
      for (number, sentence) in chapter.lead.enumerated() {
        rows.append([chapter.id, "", "\(number + 1)", "sentence", sentence])
      }
      for table in chapter.tables {
        for (number, row) in table.rows.enumerated() {
          for (column, cell) in zip(table.columns, row.cells) {
            rows.append([chapter.id, table.caption, "\(number + 1)", column, cell])
          }
        }
      }
    }
    return DelimitedText.of(["chapter", "table", "row", "column", "value"], rows)
  }
}
