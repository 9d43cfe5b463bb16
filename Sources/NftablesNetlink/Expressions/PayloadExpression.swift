internal import CNftnl
internal import Netlink
internal import Nftables

/// `payload`: bytes of the packet to a register (net/netfilter/nft_payload.c). Writing to the packet
/// (`NFTA_PAYLOAD_SREG`) is not modelled.
///
///     NFTA_PAYLOAD_DREG     u32
///     NFTA_PAYLOAD_BASE     u32
///     NFTA_PAYLOAD_OFFSET   u32, bytes
///     NFTA_PAYLOAD_LEN      u32, bytes
enum PayloadExpression {
  static let name = "payload"

  static func decode(_ attributes: inout Attributes) -> Expression? {
    guard let into = attributes.register(NFTA_PAYLOAD_DREG),
      let base = attributes.u32(NFTA_PAYLOAD_BASE).flatMap(PayloadBase.init),
      let offset = attributes.u32(NFTA_PAYLOAD_OFFSET),
      let length = attributes.u32(NFTA_PAYLOAD_LEN)
    else { return nil }
    return .payload(base: base, offset: offset, length: length, into: into)
  }

  static func encode(
    _ base: PayloadBase, _ offset: UInt32, _ length: UInt32, into: Register
  ) throws(EncodingError) -> ExpressionHandle {
    let handle = try ExpressionHandle(name)
    handle.set(NFTNL_EXPR_PAYLOAD_DREG, into.rawValue)
    handle.set(NFTNL_EXPR_PAYLOAD_BASE, base.rawValue)
    handle.set(NFTNL_EXPR_PAYLOAD_OFFSET, offset)
    handle.set(NFTNL_EXPR_PAYLOAD_LEN, length)
    return handle
  }
}
