import Diagnostics
import Foundation
import Testing

@Suite struct DiagnosticTextTests {
  private func place(_ line: Int, _ column: Int) -> Diagnostics.SourceLocation {
    Diagnostics.SourceLocation(file: "a.yaml", line: line, column: column)
  }

  private func report(_ diagnostics: Diagnostic...) -> DiagnosticReport {
    var log = DiagnosticLog()
    for diagnostic in diagnostics { log.add(diagnostic) }
    return log.report()
  }

  private func sources(_ text: String, in directory: String? = nil) -> Sources {
    Sources(directory: directory, files: [SourceFile(path: "a.yaml", bytes: Array(text.utf8))])
  }

  @Test func `a diagnostic shows its place, its line and what to write`() {
    let report = report(
      Diagnostic(.warning, at: place(2, 3), length: 2, message: "second"),
      Diagnostic(
        .error, at: place(1, 1), length: 3, message: "first", help: "write that",
        related: [RelatedPlace(location: place(2, 1), length: 1, message: "see here")]))
    #expect(
      report.text(sources("one\n  two\n", in: "inventory")) == """
        inventory/a.yaml:1:1: error: first
           1 | one
             | ^^^
             = help: write that
        inventory/a.yaml:2:1: note: see here
           2 |   two
             | ^
        inventory/a.yaml:2:3: warning: second
           2 |   two
             |   ^^

        """)
    #expect(report.summary == "1 error, 1 warning")
  }

  @Test func `colour is used when it is asked for and nowhere else`() {
    let report = report(Diagnostic(.error, at: place(1, 1), length: 1, message: "m", help: "h"))
    #expect(!report.text(sources("x")).contains("\u{1b}"))
    #expect(report.text(sources("x"), style: .coloured).contains("\u{1b}[1;31merror:\u{1b}[0m"))
  }

  @Test(arguments: [
    ("\tab: 1", 2, 2, "    ab: 1", "    ^^"), ("関所: ab", 5, 2, "関所: ab", "      ^^"),
    ("関所", 1, 1, "関所", "^^"),
    ("e\u{301}: ab", 5, 2, "e\u{301}: ab", "   ^^"), ("a\u{202e}b", 3, 1, "a<U+202E>b", "         ^"),
    ("a\u{1b}[2Jb", 2, 1, "a<U+001B>[2Jb", " ^^^^^^^^"), ("ab\r", 2, 1, "ab", " ^"),
    ("ab", 3, 1, "ab", "  ^"),
    ("", 1, 1, "", "^"), ("a\u{7f}\u{200b}b", 4, 9, "a<U+007F><U+200B>b", "                 ^"),
  ])
  func `a line is shown so that it cannot deceive`(
    line: String, column: Int, length: Int, shown: String, carets: String
  ) {
    let report = report(Diagnostic(.error, at: place(1, column), length: length, message: "m"))
    #expect(
      report.text(sources(line + "\nnext"))
        == "a.yaml:1:\(column): error: m\n   1 | \(shown)\n     | \(carets)\n")
  }

  @Test func `messages and paths cannot deceive either`() {
    let path = "a\u{1b}b.yaml"
    let at = Diagnostics.SourceLocation(file: path, line: 0, column: 0)
    let report = report(Diagnostic(.error, at: at, length: 1, message: "bell \u{7}", help: "two\nlines"))
    #expect(
      report.text(Sources(files: []))
        == "a<U+001B>b.yaml: error: bell <U+0007>\n     = help: two<U+000A>lines\n")
    #expect(SafeText.quoted("a\u{200d}b") == "`a<U+200D>b`")
    #expect(SafeText.quoted(String(repeating: "x", count: 1000)).count == 67)
  }

  @Test func `a line of megabytes is shown around the place`() {
    let line = String(repeating: "x", count: 5 << 20) + "HERE" + String(repeating: "y", count: 5 << 20)
    let report = report(Diagnostic(.error, at: place(1, (5 << 20) + 1), length: 4, message: "m"))
    let lines = report.text(sources(line)).split(separator: "\n")
    #expect(lines.allSatisfy { $0.count < 170 })
    #expect(lines[1].contains("…xxx") && lines[1].contains("xHEREy") && lines[1].hasSuffix("y…"))
    #expect(
      lines[2].firstIndex(of: "^")?.utf16Offset(in: lines[2])
        == lines[1].firstRange(of: "HERE")?.lowerBound.utf16Offset(in: lines[1]))
  }

  @Test func `errors come before warnings where not all are shown, and the rest is counted`() {
    var log = DiagnosticLog()
    for line in 1...5000 {
      log.add(Diagnostic(.warning, at: place(line, 1), length: 1, message: "w"))
      log.add(Diagnostic(.error, at: place(line, 1), length: 1, message: "e"))
    }
    let report = log.report()
    #expect(report.count(.error) == 5000)
    #expect(report.diagnostics.count == 2 * DiagnosticLog.capacity)
    let lines = report.text(sources(""), limit: 3).split(separator: "\n")
    #expect(
      lines == [
        "a.yaml:1:1: error: e", "   1 | ", "     | ^", "a.yaml:2:1: error: e", "a.yaml:3:1: error: e",
        "and 9997 more; in all 5000 errors, 5000 warnings",
      ])
  }

  @Test func `the order of finding is not the order of showing`() {
    let first = Diagnostic(.error, at: place(1, 2), length: 1, message: "a")
    let second = Diagnostic(.error, at: place(1, 2), length: 1, message: "b")
    let third = Diagnostic(.error, at: place(10, 1), length: 1, message: "a")
    #expect(report(third, second, first).diagnostics == [first, second, third])
  }

  @Test func `programs get one JSON object a diagnostic`() throws {
    let report = report(
      Diagnostic(
        .error, at: place(1, 2), length: 3, message: "say \"x\"\\\u{1}", help: "h\n",
        related: [RelatedPlace(location: place(2, 1), length: 1, message: "r")]),
      Diagnostic(
        .note, at: Diagnostics.SourceLocation(file: "a.yaml", line: 0, column: 0), length: 1, message: "関所"))
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let objects = try report.json(sources("", in: "inv/")).map {
      String(decoding: try encoder.encode($0), as: UTF8.self)
    }
    #expect(
      objects == [
        #"{"file":"inv/a.yaml","message":"関所","severity":"note"}"#,
        #"{"column":2,"file":"inv/a.yaml","help":"h\n","length":3,"line":1,"message":"say \"x\"\\\u0001","related":[{"column":1,"file":"inv/a.yaml","length":1,"line":2,"message":"r"}],"severity":"error"}"#,
      ])
  }
}
