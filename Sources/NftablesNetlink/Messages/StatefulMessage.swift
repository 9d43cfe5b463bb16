internal import CNftnl
internal import Netlink
internal import Nftables

/// A named counter, quota, flowtable and their like: only that it is there.
///
///     NFTA_OBJ_TABLE   string          NFTA_FLOWTABLE_TABLE   string
///     NFTA_OBJ_NAME    string          NFTA_FLOWTABLE_NAME    string
///     NFTA_OBJ_TYPE    u32
struct StatefulMessage {
  let table: TableName
  let object: OpaqueObject

  init(object message: ObjectMessage, in bytes: [UInt8]) throws(MessageError) {
    var fields = try message.fields(bytes)
    table = try fields.name(NFTA_OBJ_TABLE)
    let type = fields.u32(NFTA_OBJ_TYPE) ?? 0
    object = OpaqueObject(kind: Self.kind(type), name: fields.text(NFTA_OBJ_NAME) ?? "")
  }

  init(flowtable message: ObjectMessage, in bytes: [UInt8]) throws(MessageError) {
    var fields = try message.fields(bytes)
    table = try fields.name(NFTA_FLOWTABLE_TABLE)
    object = OpaqueObject(kind: "flowtable", name: fields.text(NFTA_FLOWTABLE_NAME) ?? "")
  }

  private static func kind(_ type: UInt32) -> String {
    switch Int32(bitPattern: type) {
    case NFT_OBJECT_COUNTER: "counter"
    case NFT_OBJECT_QUOTA: "quota"
    case NFT_OBJECT_CT_HELPER: "ct helper"
    case NFT_OBJECT_LIMIT: "limit"
    case NFT_OBJECT_TUNNEL: "tunnel"
    case NFT_OBJECT_CT_TIMEOUT: "ct timeout"
    case NFT_OBJECT_SECMARK: "secmark"
    case NFT_OBJECT_CT_EXPECT: "ct expectation"
    case NFT_OBJECT_SYNPROXY: "synproxy"
    default: "object of type \(type)"
    }
  }
}
