internal import CNftnl
internal import Netlink
internal import Nftables

/// `byteorder`: numbers in a register from host to network order or back
/// (net/netfilter/nft_byteorder.c).
///
///     NFTA_BYTEORDER_SREG   u32
///     NFTA_BYTEORDER_DREG   u32
///     NFTA_BYTEORDER_OP     u32: NFT_BYTEORDER_NTOH, NFT_BYTEORDER_HTON
///     NFTA_BYTEORDER_LEN    u32, bytes in all
///     NFTA_BYTEORDER_SIZE   u32, bytes of one number
enum ByteorderExpression {
  static let name = "byteorder"

  static func decode(_ attributes: inout Attributes) -> Expression? {
    guard let from = attributes.register(NFTA_BYTEORDER_SREG),
      let into = attributes.register(NFTA_BYTEORDER_DREG),
      let operation = attributes.u32(NFTA_BYTEORDER_OP), operation <= NFT_BYTEORDER_HTON.rawValue,
      let length = attributes.u32(NFTA_BYTEORDER_LEN), let size = attributes.u32(NFTA_BYTEORDER_SIZE)
    else { return nil }
    return .byteorder(
      from: from, into: into, toNetwork: operation == NFT_BYTEORDER_HTON.rawValue, length: length,
      size: size)
  }

  static func encode(
    from: Register, into: Register, toNetwork: Bool, length: UInt32, size: UInt32
  ) throws(EncodingError) -> ExpressionHandle {
    let handle = try ExpressionHandle(name)
    handle.set(NFTNL_EXPR_BYTEORDER_SREG, from.rawValue)
    handle.set(NFTNL_EXPR_BYTEORDER_DREG, into.rawValue)
    handle.set(
      NFTNL_EXPR_BYTEORDER_OP, toNetwork ? NFT_BYTEORDER_HTON.rawValue : NFT_BYTEORDER_NTOH.rawValue)
    handle.set(NFTNL_EXPR_BYTEORDER_LEN, length)
    handle.set(NFTNL_EXPR_BYTEORDER_SIZE, size)
    return handle
  }
}
