internal import CNftnl
internal import Netlink
public import Nftables

/// A table as the kernel tells it, without what is in it.
///
///     NFTA_TABLE_NAME       string
///     NFTA_TABLE_FLAGS      u32: NFT_TABLE_F_*
///     NFTA_TABLE_USERDATA   notes, see UserData
///     NFTA_TABLE_USE, NFTA_TABLE_HANDLE, NFTA_TABLE_OWNER   state
public struct TableMessage: Hashable, Sendable {
  public let family: Family
  public let name: TableName
  public let flags: TableFlags
  public let comment: String?
  /// Port id of the socket that alone may change the table.
  public let owner: UInt32?
  /// What the kernel calls the table; `nil`: it has not said.
  public let handle: UInt64?

  /// Reads one `NFT_MSG_NEWTABLE` message, header included.
  ///
  /// - Throws: ``MessageError``.
  public init(decoding bytes: [UInt8]) throws(MessageError) {
    try self.init(ObjectMessage.only(NFT_MSG_NEWTABLE, in: bytes), in: bytes)
  }

  init(_ message: ObjectMessage, in bytes: [UInt8]) throws(MessageError) {
    var fields = try message.fields(bytes)
    family = message.family
    name = try fields.name(NFTA_TABLE_NAME)
    flags = TableFlags(rawValue: fields.u32(NFTA_TABLE_FLAGS) ?? 0)
    owner = fields.u32(NFTA_TABLE_OWNER)
    handle = fields.u64(NFTA_TABLE_HANDLE)
    let notes = fields.take(NFTA_TABLE_USERDATA).map { bytes[$0] } ?? []
    comment = UserData.text(NFTNL_UDATA_TABLE_COMMENT.rawValue, in: notes)
  }
}
