import Netlink
import Testing

/// Attribute types of no subsystem.
private enum Field: UInt32 {
  case first = 1
  case second = 2
}

@Suite struct AttributeTests {
  private func attribute(_ type: UInt8, length: UInt8, _ payload: [UInt8] = []) -> [UInt8] {
    [length, 0, type, 0] + payload
  }

  @Test(
    arguments: [
      [4, 0, 1], [0, 0, 1, 0], [3, 0, 1, 0], [5, 0, 1, 0], [255, 255, 1, 0], [8, 0, 1, 0, 1, 2, 3],
      [4, 0, 1, 0, 4], [4, 0, 1, 0, 4, 0, 1, 0], [4, 0, 64, 0], [4, 0, 255, 63],
    ] as [[UInt8]])
  func `lengths that lie, repeated types and unknown ranges are malformed`(bytes: [UInt8]) {
    #expect(Attributes(bytes, 0..<bytes.count) == nil)
  }

  @Test(arguments: [-1..<4, 0..<100, 3..<9, 8..<12])
  func `a range outside the bytes is malformed`(range: Range<Int>) {
    #expect(Attributes([4, 0, 1, 0, 4, 0, 2, 0], range) == nil)
  }

  @Test func `the last attribute may lack its padding, and none may have a payload`() throws {
    let bytes = attribute(1, length: 4) + attribute(2, length: 5, [7])
    var fields = try #require(Attributes(bytes, 0..<bytes.count))
    #expect(fields.blob(Field.first) == [])
    #expect(fields.u8(Field.second) == 7)
    #expect(fields.isExhausted)
  }

  @Test func `a number of another size is not taken`() throws {
    let bytes = attribute(1, length: 6, [1, 2, 0, 0]) + attribute(2, length: 8, [1, 2, 3, 4])
    var fields = try #require(Attributes(bytes, 0..<bytes.count))
    #expect(fields.u32(Field.first) == nil)
    #expect(fields.contains(Field.first))
    #expect(fields.u32(Field.second) == 0x0102_0304)
    #expect(!fields.isExhausted)
    #expect(fields.u16(Field.first) == 0x0102)
    #expect(fields.isExhausted)
  }

  @Test func `a text ends at its NUL and must be UTF-8`() throws {
    let bytes = attribute(1, length: 8, [0x61, 0x62, 0, 0x63]) + attribute(2, length: 6, [0xff, 0, 0, 0])
    var fields = try #require(Attributes(bytes, 0..<bytes.count))
    #expect(fields.text(Field.first) == "ab")
    #expect(fields.text(Field.second) == nil)
    #expect(!fields.isExhausted)
  }

  @Test func `what is written is read`() throws {
    var writer = MessageWriter()
    let nest = writer.beginNest(Field.first)
    writer.put(Field.first, UInt64(0x0102_0304_0506_0708))
    writer.put(Field.second, "text")
    writer.endNest(nest)
    writer.put(Field.second, UInt32(9))
    var fields = try #require(Attributes(writer.bytes, 0..<writer.count))
    let nested = fields.nest(Field.first)
    var inner = try #require(nested)
    #expect(inner.u64(Field.first) == 0x0102_0304_0506_0708)
    #expect(inner.text(Field.second) == "text")
    #expect(inner.isExhausted)
    #expect(fields.u32(Field.second) == 9)
  }

  @Test func `the key behind a key carries over`() {
    var writer = MessageWriter()
    writer.append(successorOf: [0, 0xff, 0xff, 1, 2, 3], 0, 3)
    #expect(writer.bytes == [1, 0, 0])
  }
}
