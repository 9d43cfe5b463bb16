internal import CNftnl
internal import Netlink
internal import Nftables

/// `fib`: a routing table lookup (net/netfilter/nft_fib.c).
///
///     NFTA_FIB_DREG     u32
///     NFTA_FIB_RESULT   u32
///     NFTA_FIB_FLAGS    u32: NFTA_FIB_F_*
enum FibExpression {
  static let name = "fib"

  static func decode(_ attributes: inout Attributes) -> Expression? {
    guard let into = attributes.register(NFTA_FIB_DREG), let result = attributes.u32(NFTA_FIB_RESULT),
      let flags = attributes.u32(NFTA_FIB_FLAGS)
    else { return nil }
    return .fib(result: FibResult(rawValue: result), flags: FibFlags(rawValue: flags), into: into)
  }

  static func encode(
    _ result: FibResult, _ flags: FibFlags, into: Register
  ) throws(EncodingError) -> ExpressionHandle {
    let handle = try ExpressionHandle(name)
    handle.set(NFTNL_EXPR_FIB_FLAGS, flags.rawValue)
    handle.set(NFTNL_EXPR_FIB_RESULT, result.rawValue)
    handle.set(NFTNL_EXPR_FIB_DREG, into.rawValue)
    return handle
  }
}
