internal import Glibc

/// One item of a message's control data: cmsg(3).
///
///     size_t length, of the header and the data | int level | int type | data | padding to size_t
struct ControlMessage {
  let level: Int32
  let type: Int32
  let data: [UInt8]

  private static let alignment = MemoryLayout<Int>.size
  private static let header = alignment + 8

  /// All items; what is cut off at the end is left out.
  static func list(_ bytes: [UInt8]) -> [ControlMessage] {
    var list: [ControlMessage] = []
    var start = 0
    while let length = native(bytes, at: start, as: UInt.self), length >= header,
      length <= UInt(bytes.count - start),
      let level = native(bytes, at: start + alignment, as: Int32.self),
      let type = native(bytes, at: start + alignment + 4, as: Int32.self)
    {
      let end = start + Int(length)
      list.append(ControlMessage(level: level, type: type, data: Array(bytes[(start + header)..<end])))
      start = (end + alignment - 1) / alignment * alignment
    }
    return list
  }

  /// The item's bytes for sendmsg(2).
  var bytes: [UInt8] {
    let length = Self.header + data.count
    let padding = (length + Self.alignment - 1) / Self.alignment * Self.alignment - length
    return withNative(length) + withNative(level) + withNative(type) + data
      + [UInt8](repeating: 0, count: padding)
  }
}
