/// A table of a report as part of a page.
///
/// A browser measures every cell of a table before it shows one. So a long one is written as several, one below the other, whose columns
/// have their widths from here: what is far from being seen is not laid out, and it is all there without a script.
struct TablePage {
  private let table: ReportTable
  private let id: String
  /// How many letters each column is wide; empty: the browser finds out.
  private let widths: [Int]

  init(_ table: ReportTable, id: String) {
    self.table = table
    self.id = id
    widths = table.rows.count > Self.mostRows ? Self.widths(table) : []
  }

  /// Rows of a piece.
  private static let mostRows = 50

  var html: String {
    let caption = HTMLText.escaped(table.caption)
    if table.rows.isEmpty { return "<p class=\"none\"><strong>\(caption)</strong>: none</p>\n" }
    var out = ""
    if table.isSearched {
      out += "<div class=\"search\" hidden><label for=\"\(id)-words\">Search in \(caption)</label>"
      out += "<input id=\"\(id)-words\" type=\"search\" autocomplete=\"off\" data-table=\"\(id)\">"
      out += "<output for=\"\(id)-words\" aria-live=\"polite\">\(table.rows.count) rows</output></div>\n"
    }
    out += "<div class=\"wide\(widths.isEmpty ? "" : " many")\" id=\"\(id)\" role=\"region\" "
    out += "aria-labelledby=\"\(id)-caption\" tabindex=\"0\""
    out += widths.isEmpty ? ">" : " style=\"--letters:\(widths.reduce(0, +))\">"
    for start in stride(from: 0, to: table.rows.count, by: Self.mostRows) {
      let rows = table.rows[start..<min(start + Self.mostRows, table.rows.count)]
      if widths.isEmpty {
        out += piece(rows, caption)
      } else {
        out += "<div class=\"piece\" style=\"--rows:\(rows.count)\">"
        out += piece(rows, start == 0 ? caption : "\(caption), from row \(start + 1)") + "</div>\n"
      }
    }
    return out + "</div>\n"
  }

  private func piece(_ rows: ArraySlice<ReportTable.Row>, _ caption: String) -> String {
    var out = "<table style=\"--columns:\(table.columns.count)\">"
    out +=
      "<caption\(rows.startIndex == 0 ? " id=\"\(id)-caption\"" : " class=\"more\"")>\(caption)</caption>"
    if !widths.isEmpty {
      let all = widths.reduce(0, +)
      out += "<colgroup>\(widths.map { "<col style=\"width:\(100 * $0 / all)%\">" }.joined())</colgroup>"
    }
    out += "<thead\(rows.startIndex == 0 ? "" : " class=\"more\"")><tr>"
    for column in table.columns {
      out += "<th scope=\"col\"\(column.count > 20 ? " class=\"w\"" : "")>\(HTMLText.escaped(column))</th>"
    }
    out += "</tr></thead>\n<tbody>\n"
    for row in rows {
      out += "<tr>"
      for (number, cell) in row.cells.enumerated() {
        let text = HTMLText.escaped(cell)
        if number == 0 {
          let classes = [row.tone.map { "\($0)" }, Self.keeping(cell)].compactMap { $0 }
          let named = classes.isEmpty ? "" : " class=\"\(classes.joined(separator: " "))\""
          out += "<th scope=\"row\"\(named)>\(text)</th>"
        } else {
          out += "<td\(Self.keeping(cell).map { " class=\"\($0)\"" } ?? "")>\(text)</td>"
        }
      }
      out += "</tr>\n"
    }
    return out + "</tbody></table>"
  }

  /// By what most cells of a column have.
  private static func widths(_ table: ReportTable) -> [Int] {
    table.columns.indices.map { column in
      let lengths = table.rows.map { column < $0.cells.count ? $0.cells[column].utf8.count : 0 }.sorted()
      return min(max(lengths[lengths.count * 9 / 10], table.columns[column].utf8.count, 7), 32) + 3
    }
  }

  /// Of what is so short that it is read worse in two lines: a moment (`t`), or a name with a hyphen (`k`). What is long needs
  /// room (`l`).
  private static func keeping(_ cell: String) -> String? {
    if cell.utf8.count > 40 { return "l" }
    guard cell.utf8.count <= 20,
      cell.utf8.contains(where: { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: " ") })
    else { return nil }
    return cell.utf8.count == 20 && cell.hasSuffix("Z") && cell.utf8.dropFirst(10).first == UInt8(ascii: "T")
      ? "t" : "k"
  }
}
