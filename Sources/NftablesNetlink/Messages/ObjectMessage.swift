internal import CMnl
internal import CNftnl
internal import Netlink
internal import Nftables

/// What all messages of nf_tables begin with (`struct nfgenmsg`, linux/netfilter/nfnetlink.h).
///
///     nlmsghdr   type: NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_*
///     nfgenmsg   family u8, version u8, res_id u16: the low half of the generation
///     attributes
struct ObjectMessage {
  let kind: nf_tables_msg_types
  let family: Family
  let resource: UInt16
  let attributes: Range<Int>

  /// `nil` when the message is not one of nf_tables.
  init?(_ message: Message, in bytes: [UInt8]) {
    guard message.type >> 8 == NFNL_SUBSYS_NFTABLES, message.payload.count >= 4 else { return nil }
    let start = message.payload.lowerBound
    kind = nf_tables_msg_types(rawValue: UInt32(message.type & 0xff))
    family = Family(rawValue: bytes[start])
    resource = UInt16(bytes[start + 2]) << 8 | UInt16(bytes[start + 3])
    attributes = start + 4..<message.payload.upperBound
  }

  /// The one message that the bytes are.
  static func only(_ wanted: nf_tables_msg_types, in bytes: [UInt8]) throws(MessageError) -> Self {
    var cursor = MessageCursor(0..<bytes.count)
    guard let message = cursor.next(in: bytes.span) else { throw .malformed }
    guard let object = Self(message, in: bytes), object.kind == wanted else {
      throw .otherType(message.type)
    }
    return object
  }

  func fields(_ bytes: [UInt8]) throws(MessageError) -> Attributes {
    guard let fields = Attributes(bytes, attributes) else { throw .malformed }
    return fields
  }
}

extension Attributes {
  /// The name of an object, which the kernel always sends. It takes any bytes for a name, none included;
  /// what is not UTF-8 is repaired, so that one odd name of another program does not hide the rest.
  mutating func name<Name: KernelName>(_ type: some RawRepresentable<UInt32>) throws(MessageError) -> Name {
    guard let payload = take(type) else { throw .missing(type.rawValue) }
    let text = String(decoding: bytes[payload].prefix { $0 != 0 }, as: UTF8.self)
    return Name(checked: text)
  }
}
