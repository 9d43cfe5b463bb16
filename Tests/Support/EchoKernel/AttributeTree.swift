import Netlink

/// An attribute with what is nested in it, so that a part can be exchanged (`struct nlattr`).
struct AttributeTree {
  enum Content {
    case bytes([UInt8])
    /// The sender says that attributes are inside (`NLA_F_NESTED`).
    case nested([AttributeTree])
  }

  let type: UInt16
  var content: Content

  /// The attributes in a range; `nil` when they are malformed.
  static func all(_ bytes: [UInt8], _ range: Range<Int>) -> [AttributeTree]? {
    var cursor = AttributeCursor(range)
    var found: [AttributeTree] = []
    while let attribute = cursor.next(in: bytes.span) {
      let isNested = bytes[attribute.payload.lowerBound - 1] & 0x80 != 0
      if isNested, let inner = all(bytes, attribute.payload) {
        found.append(AttributeTree(type: attribute.type, content: .nested(inner)))
      } else {
        found.append(AttributeTree(type: attribute.type, content: .bytes(Array(bytes[attribute.payload]))))
      }
    }
    return cursor.isMalformed ? nil : found
  }

  func write(to writer: inout MessageWriter) {
    switch content {
    case .bytes(let bytes): writer.put(Kind(rawValue: UInt32(type)), bytes)
    case .nested(let inner):
      let nest = writer.beginNest(Kind(rawValue: UInt32(type)))
      for attribute in inner { attribute.write(to: &writer) }
      writer.endNest(nest)
    }
  }

  private struct Kind: RawRepresentable { let rawValue: UInt32 }
}

extension [AttributeTree] {
  /// The payload of the attribute of a type, nested or not.
  subscript(_ type: UInt16) -> AttributeTree.Content? {
    get { first { $0.type == type }?.content }
    set {
      guard let index = firstIndex(where: { $0.type == type }) else {
        if let newValue { append(AttributeTree(type: type, content: newValue)) }
        return
      }
      if let newValue { self[index].content = newValue } else { remove(at: index) }
    }
  }

  func bytes(_ type: UInt16) -> [UInt8]? {
    if case .bytes(let bytes)? = self[type] { bytes } else { nil }
  }

  func nested(_ type: UInt16) -> [AttributeTree]? {
    if case .nested(let inner)? = self[type] { inner } else { nil }
  }
}
