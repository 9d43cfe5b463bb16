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
}
