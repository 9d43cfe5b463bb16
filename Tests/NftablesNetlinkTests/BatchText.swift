import EchoKernel
import Netlink

/// A batch as hexadecimal digits for people: a line a header or attribute, what is nested further in, and the
/// kernel's name of each message above it. Without comments and white space it is the batch.
enum BatchText {
  static func text(_ batch: [UInt8]) -> String {
    var out = ""
    var cursor = MessageCursor(0..<batch.count)
    while let message = cursor.next(in: batch.span) {
      let start = message.payload.lowerBound
      out += out.isEmpty ? "" : "\n"
      out += "# \(MessageKind(rawValue: message.type)?.name ?? "type \(message.type)")\(flags(message))\n"
      let header = [0..<4, 4..<6, 6..<8, 8..<12, 12..<16, 16..<20].map {
        hex(
          batch[start - Message.headerLength + $0.lowerBound..<start - Message.headerLength + $0.upperBound])
      }
      out += header.joined(separator: " ") + "\n"
      attributes(batch, start + 4..<message.payload.upperBound, 1, &out)
    }
    return out
  }

  private static func attributes(_ bytes: [UInt8], _ range: Range<Int>, _ depth: Int, _ out: inout String) {
    var cursor = AttributeCursor(range)
    while let attribute = cursor.next(in: bytes.span) {
      let payload = attribute.payload
      let padded = min((payload.upperBound - range.lowerBound + 3) & ~3 + range.lowerBound, range.upperBound)
      let head = hex(bytes[payload.lowerBound - 4..<payload.lowerBound])
      out += String(repeating: "  ", count: depth) + head.prefix(4) + " " + head.suffix(4)
      if bytes[payload.lowerBound - 1] & 0x80 != 0 {
        out += "\n"
        attributes(bytes, payload, depth + 1, &out)
      } else {
        out += " \(hex(bytes[payload.lowerBound..<padded]))\(words(bytes[payload]))\n"
      }
    }
  }

  private static func flags(_ message: Message) -> String {
    let isBatch = message.type < 0x10 || message.type == 16 || message.type == 17
    let names: [(UInt16, String)] =
      isBatch
      ? [(4, "ACK")]
      : [(4, "ACK"), (0x100, "REPLACE"), (0x200, "EXCL"), (0x400, "CREATE"), (0x800, "APPEND")]
    return names.filter { message.flags & $0.0 != 0 }.map { ", \($0.1)" }.joined()
  }

  /// A text that ends with its NUL.
  private static func words(_ payload: ArraySlice<UInt8>) -> String {
    guard payload.count > 1, payload.last == 0, payload.dropLast().allSatisfy({ 0x21..<0x7f ~= $0 }) else {
      return ""
    }
    return "  # \(String(decoding: payload.dropLast(), as: UTF8.self))"
  }

  private static func hex(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
