internal import CNftnl
internal import Netlink
internal import Nftables

/// `bitwise`: mask and xor, or a shift (net/netfilter/nft_bitwise.c). The two-register operations of
/// younger kernels are not modelled.
///
///     NFTA_BITWISE_SREG   u32
///     NFTA_BITWISE_DREG   u32
///     NFTA_BITWISE_LEN    u32, bytes
///     NFTA_BITWISE_OP     u32: NFT_BITWISE_BOOL, NFT_BITWISE_LSHIFT, NFT_BITWISE_RSHIFT
///     NFTA_BITWISE_MASK   nested: NFTA_DATA_VALUE   NFT_BITWISE_BOOL
///     NFTA_BITWISE_XOR    nested: NFTA_DATA_VALUE   NFT_BITWISE_BOOL
///     NFTA_BITWISE_DATA   nested: NFTA_DATA_VALUE   shifts: u32 in host order
enum BitwiseExpression {
  static let name = "bitwise"

  static func decode(_ attributes: inout Attributes) -> Expression? {
    guard let from = attributes.register(NFTA_BITWISE_SREG),
      let into = attributes.register(NFTA_BITWISE_DREG),
      let length = attributes.u32(NFTA_BITWISE_LEN), let operation = attributes.u32(NFTA_BITWISE_OP)
    else { return nil }
    switch operation {
    case NFT_BITWISE_MASK_XOR.rawValue:
      guard let mask = attributes.value(NFTA_BITWISE_MASK), mask.count == length,
        let xor = attributes.value(NFTA_BITWISE_XOR), xor.count == length
      else { return nil }
      return .bitwise(from: from, into: into, mask: mask, xor: xor)
    case NFT_BITWISE_LSHIFT.rawValue, NFT_BITWISE_RSHIFT.rawValue:
      guard let bits = attributes.value(NFTA_BITWISE_DATA), bits.count == 4 else { return nil }
      return .shift(
        from: from, into: into, length: length, left: operation == NFT_BITWISE_LSHIFT.rawValue,
        bits: bits.span.hostUInt32(at: 0))
    default: return nil
    }
  }

  static func encode(
    from: Register, into: Register, mask: [UInt8], xor: [UInt8]
  ) throws(EncodingError) -> ExpressionHandle {
    let handle = try ExpressionHandle(name)
    handle.set(NFTNL_EXPR_BITWISE_SREG, from.rawValue)
    handle.set(NFTNL_EXPR_BITWISE_DREG, into.rawValue)
    handle.set(NFTNL_EXPR_BITWISE_OP, NFT_BITWISE_MASK_XOR.rawValue)
    handle.set(NFTNL_EXPR_BITWISE_LEN, UInt32(mask.count))
    try handle.set(NFTNL_EXPR_BITWISE_MASK, constant: mask)
    try handle.set(NFTNL_EXPR_BITWISE_XOR, constant: xor)
    return handle
  }

  static func encodeShift(
    from: Register, into: Register, length: UInt32, left: Bool, bits: UInt32
  ) throws(EncodingError) -> ExpressionHandle {
    let handle = try ExpressionHandle(name)
    handle.set(NFTNL_EXPR_BITWISE_SREG, from.rawValue)
    handle.set(NFTNL_EXPR_BITWISE_DREG, into.rawValue)
    handle.set(
      NFTNL_EXPR_BITWISE_OP, left ? NFT_BITWISE_LSHIFT.rawValue : NFT_BITWISE_RSHIFT.rawValue)
    handle.set(NFTNL_EXPR_BITWISE_LEN, length)
    handle.set(NFTNL_EXPR_BITWISE_DATA, bits)
    return handle
  }
}
