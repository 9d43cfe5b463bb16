internal import CNftnl
internal import Netlink
internal import Nftables

/// `range`: a register within two constants, ends included (net/netfilter/nft_range.c).
///
///     NFTA_RANGE_SREG        u32
///     NFTA_RANGE_OP          u32: NFT_RANGE_EQ, NFT_RANGE_NEQ
///     NFTA_RANGE_FROM_DATA   nested: NFTA_DATA_VALUE
///     NFTA_RANGE_TO_DATA     nested: NFTA_DATA_VALUE
enum RangeExpression {
  static let name = "range"

  static func decode(_ attributes: inout Attributes) -> Expression? {
    guard let register = attributes.register(NFTA_RANGE_SREG), let sign = attributes.u32(NFTA_RANGE_OP),
      sign <= NFT_RANGE_NEQ.rawValue,
      let from = attributes.value(NFTA_RANGE_FROM_DATA),
      let to = attributes.value(NFTA_RANGE_TO_DATA), from.count == to.count
    else { return nil }
    return .range(negated: sign == NFT_RANGE_NEQ.rawValue, register, from: from, to: to)
  }

  static func encode(
    negated: Bool, _ register: Register, from: [UInt8], to: [UInt8]
  ) throws(EncodingError) -> ExpressionHandle {
    let handle = try ExpressionHandle(name)
    handle.set(NFTNL_EXPR_RANGE_SREG, register.rawValue)
    handle.set(NFTNL_EXPR_RANGE_OP, negated ? NFT_RANGE_NEQ.rawValue : NFT_RANGE_EQ.rawValue)
    try handle.set(NFTNL_EXPR_RANGE_FROM_DATA, constant: from)
    try handle.set(NFTNL_EXPR_RANGE_TO_DATA, constant: to)
    return handle
  }
}
