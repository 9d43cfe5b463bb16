internal import CMnl
internal import CNftnl
internal import Netlink
public import Nftables

extension NftablesConnection {
  /// How long the longest-lived element of a set stays, as the kernel counts (`NFTA_SET_ELEM_EXPIRATION`,
  /// linux/netfilter/nf_tables.h).
  ///
  /// That an element has gone by itself moves no generation and is told to nobody: only this shows it.
  ///
  /// - Returns: milliseconds; `nil` when the set has no element that will go, or there is no such set.
  /// - Throws: ``ReadError``.
  public func timeLeft(of set: SetName, family: Family, table: TableName) throws(ReadError) -> UInt64? {
    let doing = "read what is left of set \(set) in table \(family) \(table)"
    return try Self.retrying { () throws(ReadError) in
      var left: UInt64?
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
          let span = bytes.span
          var elements = AttributeCursor(list)
          while let element = elements.next(in: span) {
            var attributes = AttributeCursor(element.payload)
            while let attribute = attributes.next(in: span) {
              guard attribute.is(NFTA_SET_ELEM_EXPIRATION), attribute.payload.count == 8 else { continue }
              let start = attribute.payload.lowerBound
              let found =
                UInt64(span.networkUInt32(at: start)) << 32 | UInt64(span.networkUInt32(at: start + 4))
              left = max(left ?? 0, found)
            }
            isMalformed = isMalformed || attributes.isMalformed
          }
          isMalformed = isMalformed || elements.isMalformed
        }
      } catch .failed(.noEntry, _, _) {
        return nil
      } catch { throw .netlink(error) }
      if isMalformed { throw .message(.malformed, doing: doing) }
      return left
    }
  }
}
