internal import CNftnl
internal import Netlink
internal import Nftables

/// `limit`: a token bucket (net/netfilter/nft_limit.c).
///
///     NFTA_LIMIT_RATE    u64
///     NFTA_LIMIT_UNIT    u64, seconds
///     NFTA_LIMIT_BURST   u32
///     NFTA_LIMIT_TYPE    u32: NFT_LIMIT_PKTS, NFT_LIMIT_PKT_BYTES
///     NFTA_LIMIT_FLAGS   u32: NFT_LIMIT_F_INV
enum LimitExpression {
  static let name = "limit"

  static func decode(_ attributes: inout Attributes) -> Expression? {
    guard let rate = attributes.u64(NFTA_LIMIT_RATE), let unit = attributes.u64(NFTA_LIMIT_UNIT),
      let burst = attributes.u32(NFTA_LIMIT_BURST), let type = attributes.u32(NFTA_LIMIT_TYPE),
      type <= NFT_LIMIT_PKT_BYTES.rawValue, let flags = attributes.u32(NFTA_LIMIT_FLAGS),
      flags & ~NFT_LIMIT_F_INV.rawValue == 0
    else { return nil }
    attributes.ignore(NFTA_LIMIT_PAD)
    return .limit(
      Limit(
        rate: rate, unit: unit, burst: burst, bytes: type == NFT_LIMIT_PKT_BYTES.rawValue,
        over: flags != 0))
  }

  static func encode(_ limit: Limit) throws(EncodingError) -> ExpressionHandle {
    let handle = try ExpressionHandle(name)
    handle.set(NFTNL_EXPR_LIMIT_RATE, u64: limit.rate)
    handle.set(NFTNL_EXPR_LIMIT_UNIT, u64: limit.unit)
    handle.set(NFTNL_EXPR_LIMIT_BURST, limit.burst)
    handle.set(
      NFTNL_EXPR_LIMIT_TYPE, limit.bytes ? NFT_LIMIT_PKT_BYTES.rawValue : NFT_LIMIT_PKTS.rawValue)
    handle.set(NFTNL_EXPR_LIMIT_FLAGS, limit.over ? NFT_LIMIT_F_INV.rawValue : 0)
    return handle
  }
}
