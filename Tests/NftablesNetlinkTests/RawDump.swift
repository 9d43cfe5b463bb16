import Netlink
import Nftables

/// The kernel's bytes, read without the decoder that is under test.
struct RawDump {
  private var channel: Channel

  init(_ socket: KernelSocket) { channel = Channel(socket) }

  /// `NFT_MSG_GETRULE`
  mutating func rules(
    _ family: Family, _ table: TableName
  ) throws -> [(chain: String, expressions: [UInt8])] {
    var found: [(String, [UInt8])] = []
    try channel.dump(type: 10 << 8 | 7, payload: Self.request(family, table), doing: "list") {
      message, bytes in
      let fields = Self.attributes(bytes, message.payload.dropFirst(4))
      found.append((Self.text(fields[2]), fields[4] ?? []))
    }
    return found
  }

  /// `NFT_MSG_GETSET`: what is declared of each set, without handle, type name and count, and without
  /// nft's notes on how a key was written (`typeof`).
  mutating func sets(_ family: Family, _ table: TableName) throws -> [String: [UInt16: [UInt8]]] {
    var found: [String: [UInt16: [UInt8]]] = [:]
    try channel.dump(type: 10 << 8 | 10, payload: Self.request(family, table), doing: "list") {
      message, bytes in
      var fields = Self.attributes(bytes, message.payload.dropFirst(4))
      let name = Self.text(fields[2])
      fields[13] = Self.withoutTypeof(fields[13] ?? [])
      for state: UInt16 in [16, 19] { fields[state] = nil }
      found[name] = fields
    }
    return found
  }

  /// `NFTA_RULE_EXPRESSIONS` of one message.
  static func expressions(_ message: [UInt8]) -> [UInt8] {
    attributes(message, 20..<message.count)[4] ?? []
  }

  private static func withoutTypeof(_ notes: [UInt8]) -> [UInt8] {
    var rest = notes[...]
    var kept: [UInt8] = []
    while rest.count >= 2 {
      let note = rest.prefix(2 + Int(rest[rest.startIndex + 1]))
      if ![3, 4].contains(note[note.startIndex]) { kept += note }
      rest = rest.dropFirst(note.count)
    }
    return kept
  }

  private static func text(_ bytes: [UInt8]?) -> String {
    String(decoding: (bytes ?? []).dropLast(), as: UTF8.self)
  }

  /// `struct nfgenmsg`, and the table's name as attribute 1.
  private static func request(_ family: Family, _ table: TableName) -> [UInt8] {
    var name = Array(table.text.utf8) + [0]
    let length = UInt8(name.count + 4)
    while !name.count.isMultiple(of: 4) { name.append(0) }
    return [family.rawValue, 0, 0, 0, length, 0, 1, 0] + name
  }

  private static func attributes(_ bytes: [UInt8], _ range: Range<Int>) -> [UInt16: [UInt8]] {
    var cursor = AttributeCursor(range)
    var fields: [UInt16: [UInt8]] = [:]
    while let attribute = cursor.next(in: bytes.span) {
      fields[attribute.type] = Array(bytes[attribute.payload])
    }
    return fields
  }
}
