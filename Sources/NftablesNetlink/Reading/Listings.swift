internal import CMnl
internal import CNftnl
internal import Netlink
internal import Nftables

extension NftablesConnection {
  /// All tables, in order of family and name.
  ///
  /// - Throws: ``ReadError``.
  public func tables() throws(ReadError) -> [TableMessage] {
    let tables = try settled("list the tables", NFT_MSG_GETTABLE) { object, bytes throws(MessageError) in
      try TableMessage(object, in: bytes)
    }
    return tables.sorted { ($0.family.rawValue, $0.name) < ($1.family.rawValue, $1.name) }
  }

  /// The base chains of all tables, in order of hook, priority and place. A packet has to pass all
  /// those of its hook, so this tells which other tables also filter.
  ///
  /// - Throws: ``ReadError``.
  public func baseChains() throws(ReadError) -> [ChainMessage] {
    func key(_ message: ChainMessage) -> (UInt32, Int32, UInt8, String, String) {
      (
        message.chain.base?.hook.rawValue ?? 0, message.chain.base?.priority.rawValue ?? 0,
        message.family.rawValue, message.table.text, message.chain.name.text
      )
    }
    let chains = try settled("list the chains", NFT_MSG_GETCHAIN) { object, bytes throws(MessageError) in
      try ChainMessage(object, in: bytes)
    }
    return chains.filter { $0.chain.base != nil }.sorted { key($0) < key($1) }
  }

  /// One listing of all families, again if it was interrupted.
  private func settled<Object>(
    _ doing: String, _ kind: nf_tables_msg_types,
    _ decode: (ObjectMessage, [UInt8]) throws(MessageError) -> Object
  ) throws(ReadError) -> [Object] {
    try Self.retrying { () throws(ReadError) in
      var objects: [Object] = []
      var failure: MessageError?
      do throws(NetlinkError) {
        try channel.dump(type: Self.type(kind), payload: MessageWriter.request(.any), doing: doing) {
          message, bytes in
          guard failure == nil, let object = ObjectMessage(message, in: bytes) else { return }
          do throws(MessageError) { objects.append(try decode(object, bytes)) } catch { failure = error }
        }
      } catch { throw .netlink(error) }
      if let failure { throw .message(failure, doing: doing) }
      return objects
    }
  }
}
