import Evidence
import Testing

/// Tables as text: what a spreadsheet or a page would obey is text.
@Suite struct DelimitedTextTests {
  @Test(arguments: [
    ("plain", "plain"), ("", ""), ("a,b", "\"a,b\""), ("say \"no\"", "\"say \"\"no\"\"\""),
    ("two\nlines", "two lines"), ("=1+1", "'=1+1"), ("+1", "'+1"), ("-1", "'-1"), ("@SUM(A1)", "'@SUM(A1)"),
    ("\t=1", "' =1"), ("  =cmd|'/c calc'!A1", "'  =cmd|'/c calc'!A1"), ("＝1", "'＝1"),
    ("=HYPERLINK(\"http://x\",\"y\")", "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\""), ("a=b", "a=b"),
  ])
  func `a cell is text, whatever it begins with`(text: String, cell: String) {
    let written = DelimitedText.of([text], []).dropLast(1)
    #expect(written == cell)
  }

  @Test func `a row is a line, with CR and LF`() {
    #expect(DelimitedText.of(["a", "b"], [["1", "x\r\ny"]]).utf8.elementsEqual("a,b\r\n1,x  y\r\n".utf8))
  }

  /// Readers see signs; with a mark behind it a sign is part of another `Character`.
  @Test func `a mark behind a sign takes nothing of its meaning away`() {
    let quoted = DelimitedText.of(["a\"\u{301},=1"], []).unicodeScalars.filter { $0 == "\"" }
    #expect(quoted.count == 4)
    let cells = MarkdownTable.cell("a|\u{301}b\r\nc").unicodeScalars
    #expect(cells.elementsEqual("a\\|\u{301}b  c".unicodeScalars))
    var family = MetricFamily("sekisho_x", .gauge, "x")
    family.add(.count(1), .init("flow", "a\"\u{301}\\\u{301}\r\nb"))
    #expect(
      MetricText.of([family]).unicodeScalars.elementsEqual(
        "# HELP sekisho_x x\n# TYPE sekisho_x gauge\nsekisho_x{flow=\"a\\\"\u{301}\\\\\u{301}?\\nb\"} 1\n"
          .unicodeScalars))
  }

  @Test func `Markdown has no link, tag or cell more`() {
    #expect(
      MarkdownTable.of(["a"], [["<b>|[x](y)"]]) == "| a |\n|---|\n| \\<b\\>\\|\\[x\\](y) |\n")
  }
}
