import Machine
import Testing

@Suite struct LineSplitterTests {
  /// All lines that come of a text in pieces of some sizes, and whether something is left.
  private func lines(_ text: String, in sizes: [Int], longest: Int = 100) -> ([LineSplitter.Line], Bool) {
    var splitter = LineSplitter(longest: longest)
    var lines: [LineSplitter.Line] = []
    var rest = Array(text.utf8)[...]
    var index = 0
    while !rest.isEmpty {
      let piece = rest.prefix(sizes[index % sizes.count])
      index += 1
      rest = rest.dropFirst(piece.count)
      splitter.append(piece)
      while let line = splitter.next() { lines.append(line) }
    }
    return (lines, splitter.hasWaiting)
  }

  private func whole(_ text: String) -> LineSplitter.Line { .whole(Array(text.utf8)) }

  @Test func `wherever a stream is cut, the lines are the same`() {
    let text = "one\n\nthree and more\n\n\nsix"
    let expected = ["one", "", "three and more", "", ""].map(whole)
    for size in 1...text.utf8.count {
      #expect(lines(text, in: [size]).0 == expected, "pieces of \(size) bytes")
      #expect(lines(text, in: [size]).1, "the beginning of a line is not forgotten")
      #expect(lines(text, in: [size, text.utf8.count]).0 == expected, "cut after \(size) bytes")
    }
    #expect(!lines("one\n", in: [4]).1)
  }

  @Test(arguments: [1, 2, 3, 5, 8, 100])
  func `a line at the bound is kept, one byte more is not, and the next line is`(size: Int) {
    let text = "12345678\n123456789\n12345678901234567890\nabc\n"
    let (lines, isWaiting) = lines(text, in: [size], longest: 8)
    #expect(lines == [whole("12345678"), .tooLong, .tooLong, whole("abc")])
    #expect(!isWaiting)
  }

  @Test func `lines that nobody takes yet wait in order`() {
    var splitter = LineSplitter(longest: 10)
    var taken: [LineSplitter.Line] = []
    for number in 0..<1000 {
      splitter.append(Array("a\(number)\nb\(number)\n".utf8))
      if let line = splitter.next() { taken.append(line) }
    }
    while let line = splitter.next() { taken.append(line) }
    #expect(taken == (0..<1000).flatMap { [whole("a\($0)"), whole("b\($0)")] })
  }

  /// A splitter that copied what it has with each piece would copy 2 TB.
  @Test(.timeLimit(.minutes(60))) func `a line of 64 MB in pieces of a kilobyte is read as it comes`() {
    let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 10)
    var splitter = LineSplitter(longest: 1 << 28)
    var isEmpty = true
    for _ in 0..<1 << 16 {
      splitter.append(piece)
      if splitter.next() != nil { isEmpty = false }
    }
    #expect(isEmpty)
    splitter.append([UInt8(ascii: "\n")])
    #expect(splitter.next() == .whole([UInt8](repeating: UInt8(ascii: "x"), count: 64 << 20)))
  }

  /// What is longer than the bound is not kept.
  @Test func `a flood without a line break is forgotten as it comes`() {
    var splitter = LineSplitter(longest: 1 << 10)
    let piece = [UInt8](repeating: 0, count: 1 << 16)
    for _ in 0..<1000 {
      splitter.append(piece)
      #expect(splitter.next() == nil)
    }
    splitter.append(Array("\nafter\n".utf8))
    #expect(splitter.next() == .tooLong)
    #expect(splitter.next() == whole("after"))
    #expect(splitter.next() == nil && !splitter.hasWaiting)
  }
}
