import Machine
import SystemPackage
import Testing

@Suite struct LineReaderTests {
  @Test func `lines of a pipe come one by one, and one that breaks off is none`() throws {
    let (reading, writing) = try FileDescriptor.pipe()
    defer { try? reading.close() }
    try writing.writeWhole(Array("one\ntwo\nthr".utf8))
    var reader = LineReader(reading, longest: 100)
    #expect(try reader.next() == .whole(Array("one".utf8)))
    #expect(reader.hasWaiting)
    #expect(try reader.next() == .whole(Array("two".utf8)))
    try writing.close()
    #expect(try reader.next() == nil)
  }

  @Test func `a line that does not end in time is given up, and what has come of it is kept`() throws {
    let (reading, writing) = try FileDescriptor.pipe()
    defer { try? reading.close() }
    var reader = LineReader(reading, longest: 100)
    #expect(throws: Errno.timedOut) { try reader.next(by: .now) }
    try writing.writeWhole(Array("slow".utf8))
    #expect(throws: Errno.timedOut) { try reader.next(by: .now + .milliseconds(20)) }
    try writing.writeWhole(Array("ly\n".utf8))
    #expect(try reader.next(by: .now + .seconds(60)) == .whole(Array("slowly".utf8)))
    try writing.close()
    #expect(try reader.next(by: .now + .seconds(60)) == nil)
  }
}
