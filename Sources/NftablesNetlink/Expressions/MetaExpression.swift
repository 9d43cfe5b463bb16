internal import CNftnl
internal import Netlink
internal import Nftables

/// `meta`: packet metadata to a register, or from one (net/netfilter/nft_meta.c).
///
///     NFTA_META_KEY    u32
///     NFTA_META_DREG   u32   when it reads
///     NFTA_META_SREG   u32   when it writes
enum MetaExpression {
  static let name = "meta"

  static func decode(_ attributes: inout Attributes) -> Expression? {
    guard let key = attributes.u32(NFTA_META_KEY).map(MetaKey.init) else { return nil }
    if let into = attributes.register(NFTA_META_DREG) { return .meta(key, into: into) }
    return attributes.register(NFTA_META_SREG).map { .setMeta(key, from: $0) }
  }

  static func encode(_ key: MetaKey, into: Register) throws(EncodingError) -> ExpressionHandle {
    let handle = try ExpressionHandle(name)
    handle.set(NFTNL_EXPR_META_KEY, key.rawValue)
    handle.set(NFTNL_EXPR_META_DREG, into.rawValue)
    return handle
  }

  static func encode(_ key: MetaKey, from: Register) throws(EncodingError) -> ExpressionHandle {
    let handle = try ExpressionHandle(name)
    handle.set(NFTNL_EXPR_META_KEY, key.rawValue)
    handle.set(NFTNL_EXPR_META_SREG, from.rawValue)
    return handle
  }
}
