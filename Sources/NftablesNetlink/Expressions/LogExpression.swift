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
}
