import Netlink

enum NetlinkTarget {
  private static let maximalDepth = 8

  static func run(_ bytes: [UInt8], _ promises: inout Promises) {
    var cursor = MessageCursor(0..<bytes.count)
    var end = 0
    while let message = cursor.next(in: bytes.span) {
      promises.hold(
        message.payload.lowerBound == end + Message.headerLength && message.payload.upperBound <= bytes.count,
        "a message outside its bytes")
      end = (message.payload.upperBound + 3) & ~3
      _ = Acknowledgement(message, in: bytes)
      let attributes = min(message.payload.lowerBound + 4, message.payload.upperBound)
      walk(bytes, attributes..<message.payload.upperBound, 0, &promises)
    }
    promises.hold(cursor.isMalformed || end >= bytes.count, "messages that were passed over")
    walk(bytes, 0..<bytes.count, 0, &promises)
    speak(bytes)
  }

  /// Reads attributes twice: one behind the other, and by type.
  private static func walk(_ bytes: [UInt8], _ range: Range<Int>, _ depth: Int, _ promises: inout Promises) {
    guard depth < maximalDepth else { return }
    var cursor = AttributeCursor(range)
    var found: [Attribute] = []
    var end = range.lowerBound
    while let attribute = cursor.next(in: bytes.span) {
      promises.hold(
        attribute.payload.lowerBound == end + 4 && attribute.payload.upperBound <= range.upperBound,
        "an attribute outside its nest")
      end = range.lowerBound + (attribute.payload.upperBound - range.lowerBound + 3) & ~3
      found.append(attribute)
    }
    let isReadable =
      !cursor.isMalformed && Set(found.map(\.type)).count == found.count && found.allSatisfy { $0.type < 64 }
    let whole = Attributes(bytes, range)
    promises.hold((whole != nil) == isReadable, "attributes are read in one way and not in the other")
    guard let whole else { return }
    for attribute in found {
      read(attribute, whole, bytes, &promises)
      walk(bytes, attribute.payload, depth + 1, &promises)
    }
    copy(found, bytes, &promises)
  }

  private static func read(
    _ attribute: Attribute, _ whole: Attributes, _ bytes: [UInt8], _ promises: inout Promises
  ) {
    let type = AttributeType(rawValue: UInt32(attribute.type))
    let size = attribute.payload.count
    func taken(_ size: Int?, _ take: (inout Attributes) -> Bool) {
      var fields = whole
      let isTaken = take(&fields)
      if let size { promises.hold(isTaken == (attribute.payload.count == size), "a number of another size") }
      promises.hold(fields.contains(type) != isTaken, "an attribute that is taken and still there")
    }
    taken(1) { $0.u8(type) != nil }
    taken(2) { $0.u16(type) != nil }
    taken(4) { $0.u32(type) != nil }
    taken(4) { $0.hostU32(type) != nil }
    taken(8) { $0.u64(type) != nil }
    taken(size) { $0.blob(type) == Array(bytes[attribute.payload]) }
    taken(nil) { $0.text(type) != nil }
    taken(nil) { $0.nest(type) != nil }
  }

  /// What is written again is read again.
  private static func copy(_ found: [Attribute], _ bytes: [UInt8], _ promises: inout Promises) {
    guard found.allSatisfy({ $0.payload.count <= Int(UInt16.max) - 4 }) else { return }
    var writer = MessageWriter()
    for attribute in found { writer.put(attribute.type, bytes, attribute.payload) }
    var cursor = AttributeCursor(0..<writer.count)
    for attribute in found {
      let again = cursor.next(in: writer.bytes.span)
      promises.hold(
        again?.type == attribute.type
          && again.map { writer.bytes[$0.payload] == bytes[attribute.payload] } == true,
        "an attribute that is written is read as another")
    }
  }

  /// The bytes as the answer to every way of asking.
  private static func speak(_ bytes: [UInt8]) {
    guard bytes.count <= 64 << 10 else { return }
    for expects in [true, false] {
      var channel = Channel(Parrot(bytes))
      if expects {
        try? channel.dump(type: 16, payload: [], doing: "list") { _, _ in }
      } else {
        try? channel.ask(type: 16, payload: [], doing: "ask") { _, _ in }
      }
    }
    var channel = Channel(Parrot(bytes))
    _ = try? channel.exchange([])
  }
}

/// An attribute type of no subsystem.
private struct AttributeType: RawRepresentable {
  let rawValue: UInt32
}

/// Answers once, with the same bytes whatever it is asked.
private final class Parrot: Transport {
  let portID: UInt32 = 7
  private var waiting: [UInt8]?

  init(_ bytes: [UInt8]) { waiting = bytes }

  func send(_ bytes: [UInt8]) {}

  func receive(into buffer: inout [UInt8], patience: Int32) -> Int? {
    guard let bytes = waiting else { return nil }
    waiting = nil
    for (index, byte) in bytes.enumerated() { buffer[index] = byte }
    return bytes.count
  }
}
