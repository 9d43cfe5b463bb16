internal import Addressing
internal import Nftables

/// An element's key for an error message: `10.0.0.1 . 443`; hexadecimal where a type has no simpler form.
enum ElementText {
  static func text(_ key: [UInt8], _ types: [DataType]) -> String {
    guard let lengths = DataType.lengths(of: types, total: key.count) ?? single(key, types) else {
      return hexadecimal(key[...])
    }
    var fields: [String] = []
    var offset = 0
    for (type, length) in zip(types, lengths) {
      fields.append(text(key[offset..<offset + length], type))
      offset += (length + 3) & ~3
    }
    return fields.joined(separator: " . ")
  }

  private static func single(_ key: [UInt8], _ types: [DataType]) -> [Int]? {
    types.count == 1 ? [key.count] : nil
  }

  private static func text(_ field: ArraySlice<UInt8>, _ type: DataType) -> String {
    switch type {
    case .ipv4Address, .ipv6Address: Address(networkBytes: field)?.description ?? hexadecimal(field)
    case .inetService: String(field.reduce(0) { $0 << 8 | Int($1) })
    case .inetProto where field.count == 1:
      IPProtocol(rawValue: field[field.startIndex]).description
    case .interfaceName: String(decoding: field.prefix { $0 != 0 }, as: UTF8.self)
    default: hexadecimal(field)
    }
  }

  private static func hexadecimal(_ bytes: ArraySlice<UInt8>) -> String {
    "0x" + bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
