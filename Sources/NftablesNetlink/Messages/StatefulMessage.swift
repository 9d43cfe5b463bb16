internal import CNftnl
internal import Netlink
internal import Nftables

/// A named counter, quota, flowtable and their like: only that it is there.
///
///     NFTA_OBJ_TABLE   string          NFTA_FLOWTABLE_TABLE   string
///     NFTA_OBJ_NAME    string          NFTA_FLOWTABLE_NAME    string
///     NFTA_OBJ_TYPE    u32
///     NFTA_OBJ_HANDLE  u64             NFTA_FLOWTABLE_HANDLE  u64
struct StatefulMessage {
  let table: TableName
  let object: OpaqueObject
  /// 0: the kernel has not said.
  let handle: UInt64

  init(object message: ObjectMessage, in bytes: [UInt8]) throws(MessageError) {
    var fields = try message.fields(bytes)
    table = try fields.name(NFTA_OBJ_TABLE)
    let type = fields.u32(NFTA_OBJ_TYPE) ?? 0
    handle = fields.u64(NFTA_OBJ_HANDLE) ?? 0
    object = OpaqueObject(kind: Self.kind(type), name: fields.text(NFTA_OBJ_NAME) ?? "")
  }

  init(flowtable message: ObjectMessage, in bytes: [UInt8]) throws(MessageError) {
    var fields = try message.fields(bytes)
    table = try fields.name(NFTA_FLOWTABLE_TABLE)
    handle = fields.u64(NFTA_FLOWTABLE_HANDLE) ?? 0
    object = OpaqueObject(kind: Self.flowtable, name: fields.text(NFTA_FLOWTABLE_NAME) ?? "")
  }

  static let flowtable = "flowtable"

  private static let kinds: [(type: Int32, word: String)] = [
    (NFT_OBJECT_COUNTER, "counter"), (NFT_OBJECT_QUOTA, "quota"), (NFT_OBJECT_CT_HELPER, "ct helper"),
    (NFT_OBJECT_LIMIT, "limit"), (NFT_OBJECT_TUNNEL, "tunnel"), (NFT_OBJECT_CT_TIMEOUT, "ct timeout"),
    (NFT_OBJECT_SECMARK, "secmark"), (NFT_OBJECT_CT_EXPECT, "ct expectation"),
    (NFT_OBJECT_SYNPROXY, "synproxy"),
  ]

  private static let byNumber = "object of type "

  private static func kind(_ type: UInt32) -> String {
    kinds.first { UInt32(bitPattern: $0.type) == type }?.word ?? byNumber + "\(type)"
  }

  /// The kernel's number of a kind; `nil` of what is no object.
  static func type(of kind: String) -> UInt32? {
    if let known = kinds.first(where: { $0.word == kind }) { return UInt32(bitPattern: known.type) }
    return kind.hasPrefix(byNumber) ? UInt32(kind.dropFirst(byNumber.count)) : nil
  }
}
