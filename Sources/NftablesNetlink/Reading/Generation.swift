internal import CMnl
internal import CNftnl
public import Netlink
internal import Nftables

extension NftablesConnection {
  /// The ruleset's generation: a number that changes with every transaction (`NFT_MSG_GETGEN`).
  ///
  /// - Throws: ``Netlink/NetlinkError``.
  public func generation() throws(NetlinkError) -> UInt32 {
    let doing = "read the ruleset's generation"
    var generation: UInt32?
    try channel.ask(type: Self.type(NFT_MSG_GETGEN), payload: MessageWriter.request(.any), doing: doing) {
      message, bytes in
      guard let object = ObjectMessage(message, in: bytes), object.kind == NFT_MSG_NEWGEN,
        var fields = Attributes(bytes, object.attributes)
      else { return }
      generation = fields.u32(NFTA_GEN_ID)
    }
    guard let generation else { throw .malformed(doing: doing) }
    return generation
  }
}
