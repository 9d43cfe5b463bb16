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

  @Test func `Markdown has no link, tag or cell more`() {
    #expect(
      MarkdownTable.of(["a"], [["<b>|[x](y)"]]) == "| a |\n|---|\n| \\<b\\>\\|\\[x\\](y) |\n")
  }
}
