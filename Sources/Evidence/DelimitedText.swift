internal import Diagnostics

/// Tables as text for spreadsheets (CSV, RFC 4180).
package enum DelimitedText {
  /// A row of names and a row of each entry, with CR and LF behind each.
  package static func of(_ columns: [String], _ rows: [[String]]) -> String {
    var out = line(columns)
    for row in rows { out += line(row) }
    return out
  }

  private static func line(_ cells: [String]) -> String {
    cells.map(cell).joined(separator: ",") + "\r\n"
  }

  /// A spreadsheet calculates what begins like a formula, and fetches what it names (CWE-1236): an apostrophe in front makes
  /// it text. Line breaks within a cell are spaces, so that an entry is a line.
  static func cell(_ text: String) -> String {
    var plain = ""
    for scalar in text.unicodeScalars {
      plain.unicodeScalars.append(scalar == "\n" || scalar == "\r" || scalar == "\t" ? " " : scalar)
    }
    // What is ahead of it may be blanks, which spreadsheets take away; full-width signs are read as the others.
    let first = plain.unicodeScalars.first {
      $0 != " " && $0 != "\u{a0}" && $0 != "\u{3000}" && $0 != "\u{feff}"
    }
    if let first, "=+-@＝＋－＠".unicodeScalars.contains(first) { plain = "'" + plain }
    guard plain.unicodeScalars.contains(where: { $0 == "\"" || $0 == "," }) || plain.hasPrefix(" ") else {
      return plain
    }
    return "\"" + plain.escaping { $0 == "\"" ? "\"\"" : nil } + "\""
  }
}

/// Tables as Markdown (GitHub's).
package enum MarkdownTable {
  package static func of(_ columns: [String], _ rows: [[String]]) -> String {
    var out = line(columns) + "|" + columns.map { _ in "---|" }.joined() + "\n"
    for row in rows { out += line(row) }
    return out
  }

  private static func line(_ cells: [String]) -> String {
    "| " + cells.map(cell).joined(separator: " | ") + " |\n"
  }

  /// A reason must not become a link, a tag or another cell.
  package static func cell(_ text: String) -> String {
    SafeText.escaped(text.escaping { $0 == "\n" || $0 == "\r" ? " " : nil }).escaping {
      "\\`*_[]<>|#!~&".unicodeScalars.contains($0) ? "\\\($0)" : nil
    }
  }
}

extension String {
  /// The same with something in place of some scalars. A mark that is put on a sign by the scalar behind it makes both one `Character`,
  /// which is not that sign any more; readers of CSV, Markdown and metrics see the sign.
  func escaping(_ escape: (Unicode.Scalar) -> String?) -> String {
    var out = String.UnicodeScalarView()
    for scalar in unicodeScalars {
      if let escaped = escape(scalar) {
        out.append(contentsOf: escaped.unicodeScalars)
      } else {
        out.append(scalar)
      }
    }
    return String(out)
  }
}
