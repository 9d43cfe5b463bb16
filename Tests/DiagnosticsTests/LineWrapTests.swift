import Testing

@testable import Diagnostics

struct LineWrapTests {
  private static let line = "  + web → db  tcp/5432 since the shop keeps its orders there  (flow orders)"

  @Test func `a line is broken between words, and what follows is indented`() {
    #expect(
      LineWrap.wrapped(Self.line, columns: 41, indent: 4)
        == "  + web → db  tcp/5432 since the shop\n    keeps its orders there  (flow orders)")
  }

  @Test func `a line that fits, and one for no terminal, stays as it is`() {
    for columns in [nil, 0, 39, 75, 200] {
      #expect(LineWrap.wrapped(Self.line, columns: columns, indent: 4) == Self.line, "\(columns ?? -1)")
    }
    #expect(LineWrap.wrapped(Self.line, columns: 74, indent: 4) != Self.line)
  }

  @Test func `a word longer than a line stays whole`() {
    let word = String(repeating: "a", count: 60)
    #expect(LineWrap.wrapped(word, columns: 40, indent: 2) == word)
    #expect(LineWrap.wrapped("see \(word) there", columns: 40, indent: 2) == "see\n  \(word)\n  there")
  }

  @Test func `what may be copied to a shell stays whole`() {
    #expect(
      LineWrap.wrapped(
        "to end it, and go back to what was there:  sekisho rollback 7", columns: 40, indent: 2)
        == "to end it, and go back to what was\n  there:  sekisho rollback 7")
    #expect(
      LineWrap.wrapped("what was there comes back by:  sekisho rollback 7 --host a", columns: 40, indent: 2)
        == "what was there comes back by:\n  sekisho rollback 7 --host a")
    #expect(
      LineWrap.wrapped("no table is there, so that `nft delete table inet x` is next", columns: 40, indent: 2)
        == "no table is there, so that\n  `nft delete table inet x` is next")
  }

  @Test func `colours take no columns`() {
    let red = "\u{1b}[1;31m"
    let text = "\(red)error:\u{1b}[0m one two three four five six eighth"
    #expect(LineWrap.wrapped(text, columns: 40, indent: 2) == text.replacing(" eighth", with: "\n  eighth"))
  }

  @Test func `a wide character takes two columns`() {
    let text = "\(String(repeating: "関", count: 10)) \(String(repeating: "所", count: 10))"
    #expect(LineWrap.wrapped(text, columns: 40, indent: 2).split(separator: "\n").count == 2)
    #expect(LineWrap.wrapped(text, columns: 41, indent: 2) == text)
  }

  /// Whatever the width, no line but one of a single word is longer, and nothing but spaces is lost.
  @Test func `words are kept at every width`() {
    for columns in 40...90 {
      let lines = LineWrap.wrapped(Self.line, columns: columns, indent: 6).split(separator: "\n")
      #expect(lines.allSatisfy { $0.unicodeScalars.count <= columns }, "\(columns)")
      let words = lines.joined(separator: " ").split(separator: " ")
      #expect(words == Self.line.split(separator: " "), "\(columns)")
    }
  }
}
