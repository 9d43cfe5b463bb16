internal import CNftnl
internal import Netlink
internal import Nftables

/// `ct`: connection tracking state to a register, or from one (net/netfilter/nft_ct.c).
///
///     NFTA_CT_KEY         u32
///     NFTA_CT_DIRECTION   u8    keys of one tuple
///     NFTA_CT_DREG        u32   when it reads
///     NFTA_CT_SREG        u32   when it writes
enum ConntrackExpression {
  static let name = "ct"

  static func decode(_ attributes: inout Attributes) -> Expression? {
    guard let key = attributes.u32(NFTA_CT_KEY).map(ConntrackKey.init) else { return nil }
    var direction: ConntrackDirection?
    if attributes.contains(NFTA_CT_DIRECTION) {
      direction = attributes.u8(NFTA_CT_DIRECTION).flatMap(ConntrackDirection.init)
      if direction == nil { return nil }
    }
    if let into = attributes.register(NFTA_CT_DREG) {
      return .conntrack(key, direction: direction, into: into)
    }
    return attributes.register(NFTA_CT_SREG).map { .setConntrack(key, direction: direction, from: $0) }
  }

  static func encode(
    _ key: ConntrackKey, _ direction: ConntrackDirection?, into: Register
  ) throws(EncodingError) -> ExpressionHandle {
    let handle = try ExpressionHandle(name)
    handle.set(NFTNL_EXPR_CT_KEY, key.rawValue)
    handle.set(NFTNL_EXPR_CT_DREG, into.rawValue)
    if let direction { handle.set(NFTNL_EXPR_CT_DIR, u8: direction.rawValue) }
    return handle
  }

  static func encode(
    _ key: ConntrackKey, _ direction: ConntrackDirection?, from: Register
  ) throws(EncodingError) -> ExpressionHandle {
    let handle = try ExpressionHandle(name)
    handle.set(NFTNL_EXPR_CT_KEY, key.rawValue)
    handle.set(NFTNL_EXPR_CT_SREG, from.rawValue)
    if let direction { handle.set(NFTNL_EXPR_CT_DIR, u8: direction.rawValue) }
    return handle
  }
}
