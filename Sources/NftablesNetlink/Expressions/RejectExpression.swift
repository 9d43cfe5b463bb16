internal import CNftnl
internal import Netlink
internal import Nftables

/// `reject`: a drop with an answer (net/netfilter/nft_reject.c).
///
///     NFTA_REJECT_TYPE        u32
///     NFTA_REJECT_ICMP_CODE   u8    not dumped with a TCP reset
enum RejectExpression {
  static let name = "reject"

  static func decode(_ attributes: inout Attributes) -> Expression? {
    guard let kind = attributes.u32(NFTA_REJECT_TYPE).flatMap(Reject.Kind.init) else { return nil }
    if kind == .tcpReset {
      attributes.ignore(NFTA_REJECT_ICMP_CODE)
      return .reject(Reject(kind, code: 0))
    }
    return attributes.u8(NFTA_REJECT_ICMP_CODE).map { .reject(Reject(kind, code: $0)) }
  }

  static func encode(_ reject: Reject) throws(EncodingError) -> ExpressionHandle {
    let handle = try ExpressionHandle(name)
    handle.set(NFTNL_EXPR_REJECT_TYPE, reject.kind.rawValue)
    handle.set(NFTNL_EXPR_REJECT_CODE, u8: reject.code)
    return handle
  }
}
