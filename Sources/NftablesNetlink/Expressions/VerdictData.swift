internal import CNftnl
internal import Netlink
internal import Nftables

/// A verdict as data of an immediate or of a verdict map's element (`nft_verdict_init`,
/// net/netfilter/nf_tables_api.c).
///
///     NFTA_DATA_VERDICT   nested
///       NFTA_VERDICT_CODE    u32, signed: NF_*, NFT_*
///       NFTA_VERDICT_CHAIN   string   NFT_JUMP, NFT_GOTO
enum VerdictData {
  /// Takes the verdict out of the attributes of `nft_data`.
  static func decode(_ data: inout Attributes) -> Verdict? {
    guard var inner = data.nest(NFTA_DATA_VERDICT), let code = inner.u32(NFTA_VERDICT_CODE) else {
      return nil
    }
    let chain = inner.text(NFTA_VERDICT_CHAIN)
    guard inner.isExhausted else { return nil }
    return verdict(code: Int32(bitPattern: code), chain: chain)
  }

  /// `nil` for codes that are not modelled, and when a chain is missing or superfluous.
  static func verdict(code: Int32, chain: String?) -> Verdict? {
    let chain = chain.flatMap { try? ChainName($0) }
    switch (code, chain) {
    case (NFT_JUMP.rawValue, let chain?): return .jump(chain)
    case (NFT_GOTO.rawValue, let chain?): return .goto(chain)
    case (NFT_CONTINUE.rawValue, nil): return .continue
    case (NFT_RETURN.rawValue, nil): return .return
    case (NF_DROP, nil): return .drop
    case (NF_ACCEPT, nil): return .accept
    case (0..., nil) where code & Int32(NF_VERDICT_MASK) == NF_QUEUE:
      return .queue(UInt32(bitPattern: code))
    default: return nil
    }
  }
}
