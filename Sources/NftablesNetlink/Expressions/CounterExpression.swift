internal import CNftnl
internal import Netlink
internal import Nftables

/// `counter`: packets and bytes (net/netfilter/nft_counter.c).
///
///     NFTA_COUNTER_BYTES     u64   state, not sent
///     NFTA_COUNTER_PACKETS   u64   state, not sent
enum CounterExpression {
  static let name = "counter"

  /// Notes the values of the first counter.
  static func decode(_ attributes: inout Attributes, _ first: inout CounterValues?) -> Expression? {
    guard let bytes = attributes.u64(NFTA_COUNTER_BYTES),
      let packets = attributes.u64(NFTA_COUNTER_PACKETS)
    else { return nil }
    attributes.ignore(NFTA_COUNTER_PAD)
    if first == nil { first = CounterValues(packets: packets, bytes: bytes) }
    return .counter
  }

  static func encode() throws(EncodingError) -> ExpressionHandle { try ExpressionHandle(name) }
}
