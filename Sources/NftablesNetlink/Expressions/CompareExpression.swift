internal import CNftnl
internal import Netlink
internal import Nftables

/// `cmp`: a register compared to a constant (net/netfilter/nft_cmp.c).
///
///     NFTA_CMP_SREG   u32
///     NFTA_CMP_OP     u32
///     NFTA_CMP_DATA   nested
///       NFTA_DATA_VALUE   bytes
enum CompareExpression {
  static let name = "cmp"

  static func decode(_ attributes: inout Attributes) -> Expression? {
    guard let register = attributes.register(NFTA_CMP_SREG),
      let sign = attributes.u32(NFTA_CMP_OP).flatMap(ComparisonOperator.init),
      let value = attributes.value(NFTA_CMP_DATA)
    else { return nil }
    return .compare(sign, register, value)
  }

  static func encode(
    _ sign: ComparisonOperator, _ register: Register, _ value: [UInt8]
  ) throws(EncodingError) -> ExpressionHandle {
    let handle = try ExpressionHandle(name)
    handle.set(NFTNL_EXPR_CMP_SREG, register.rawValue)
    handle.set(NFTNL_EXPR_CMP_OP, sign.rawValue)
    try handle.set(NFTNL_EXPR_CMP_DATA, constant: value)
    return handle
  }
}
