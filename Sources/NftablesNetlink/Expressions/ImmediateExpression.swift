internal import CNftnl
internal import Netlink
internal import Nftables

/// `immediate`: a constant to a register, or a verdict (net/netfilter/nft_immediate.c).
///
///     NFTA_IMMEDIATE_DREG   u32: NFT_REG_VERDICT for a verdict
///     NFTA_IMMEDIATE_DATA   nested
///       NFTA_DATA_VALUE     bytes
///       NFTA_DATA_VERDICT   nested, see VerdictData
enum ImmediateExpression {
  static let name = "immediate"

  static func decode(_ attributes: inout Attributes) -> Expression? {
    guard let register = attributes.register(NFTA_IMMEDIATE_DREG) else { return nil }
    guard register == .verdict else {
      return attributes.value(NFTA_IMMEDIATE_DATA).map { .immediate(register, $0) }
    }
    guard var data = attributes.nest(NFTA_IMMEDIATE_DATA), let verdict = VerdictData.decode(&data),
      data.isExhausted
    else { return nil }
    return .verdict(verdict)
  }

  static func encode(_ register: Register, _ value: [UInt8]) throws(EncodingError) -> ExpressionHandle {
    let handle = try ExpressionHandle(name)
    handle.set(NFTNL_EXPR_IMM_DREG, register.rawValue)
    try handle.set(NFTNL_EXPR_IMM_DATA, constant: value)
    return handle
  }

  static func encode(_ verdict: Verdict) throws(EncodingError) -> ExpressionHandle {
    let handle = try ExpressionHandle(name)
    handle.set(NFTNL_EXPR_IMM_DREG, Register.verdict.rawValue)
    handle.set(NFTNL_EXPR_IMM_VERDICT, UInt32(bitPattern: VerdictData.code(verdict)))
    if let chain = verdict.chain { try handle.set(NFTNL_EXPR_IMM_CHAIN, chain.text) }
    return handle
  }
}
