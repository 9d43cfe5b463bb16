internal import CNftnl
internal import Netlink
internal import Nftables

/// `log`: a line in the kernel's log, or the packet to a netlink group (net/netfilter/nft_log.c).
///
///     NFTA_LOG_PREFIX       string, 127 bytes at most
///     NFTA_LOG_LEVEL        u32   kernel log
///     NFTA_LOG_FLAGS        u32   kernel log
///     NFTA_LOG_GROUP        u16   netlink group
///     NFTA_LOG_SNAPLEN      u32   netlink group
///     NFTA_LOG_QTHRESHOLD   u16   netlink group
enum LogExpression {
  static let name = "log"

  static func decode(_ attributes: inout Attributes) -> Expression? {
    .log(
      Log(
        prefix: attributes.text(NFTA_LOG_PREFIX), level: attributes.u32(NFTA_LOG_LEVEL),
        flags: attributes.u32(NFTA_LOG_FLAGS), group: attributes.u16(NFTA_LOG_GROUP),
        snapLength: attributes.u32(NFTA_LOG_SNAPLEN),
        queueThreshold: attributes.u16(NFTA_LOG_QTHRESHOLD)))
  }

  static func encode(_ log: Log) throws(EncodingError) -> ExpressionHandle {
    let handle = try ExpressionHandle(name)
    if let prefix = log.prefix {
      // NF_LOG_PREFIXLEN counts the NUL.
      guard prefix.utf8.count < 128, !prefix.utf8.contains(0) else { throw .unusableText(limit: 127) }
      try handle.set(NFTNL_EXPR_LOG_PREFIX, prefix)
    }
    if let level = log.level { handle.set(NFTNL_EXPR_LOG_LEVEL, level) }
    if let flags = log.flags { handle.set(NFTNL_EXPR_LOG_FLAGS, flags) }
    if let group = log.group { handle.set(NFTNL_EXPR_LOG_GROUP, u16: group) }
    if let length = log.snapLength { handle.set(NFTNL_EXPR_LOG_SNAPLEN, length) }
    if let threshold = log.queueThreshold { handle.set(NFTNL_EXPR_LOG_QTHRESHOLD, u16: threshold) }
    return handle
  }
}
