internal import CMnl
internal import CNftnl
internal import Netlink
public import Nftables

extension NftablesConnection {
  /// How many elements a set holds, of which rules may add and the kernel remove some meanwhile: the
  /// elements of a `dynamic` set are not read with their table.
  ///
  /// - Throws: ``ReadError``.
  public func elementCount(of set: SetName, family: Family, table: TableName) throws(ReadError) -> Int {
    let doing = "count the elements of set \(set) in table \(family) \(table)"
    var count = 0
    var isMalformed = false
    do throws(NetlinkError) {
      try channel.dump(
        type: Self.type(NFT_MSG_GETSETELEM),
        payload: MessageWriter.request(family) { writer in
          writer.put(NFTA_SET_ELEM_LIST_TABLE, table.text)
          writer.put(NFTA_SET_ELEM_LIST_SET, set.text)
        }, doing: doing
      ) { message, bytes in
        guard let object = ObjectMessage(message, in: bytes) else { return }
        guard var fields = try? object.fields(bytes) else {
          isMalformed = true
          return
        }
        guard let list = fields.take(NFTA_SET_ELEM_LIST_ELEMENTS) else { return }
        var cursor = AttributeCursor(list)
        while cursor.next(in: bytes.span) != nil { count += 1 }
        isMalformed = isMalformed || cursor.isMalformed
      }
    } catch { throw .netlink(error) }
    if isMalformed { throw .message(.malformed, doing: doing) }
    return count
  }
}
