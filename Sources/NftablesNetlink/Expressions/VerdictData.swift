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

  /// The kernel's number of a verdict.
  static func code(_ verdict: Verdict) -> Int32 {
    switch verdict {
    case .drop: NF_DROP
    case .accept: NF_ACCEPT
    case .queue(let code): Int32(bitPattern: code)
    case .continue: NFT_CONTINUE.rawValue
    case .return: NFT_RETURN.rawValue
    case .jump: NFT_JUMP.rawValue
    case .goto: NFT_GOTO.rawValue
    }
  }

  /// Puts ``code(_:)`` and the chain as the data of a map's element.
  static func encode(_ verdict: Verdict, into writer: inout MessageWriter) {
    let nest = writer.beginNest(NFTA_DATA_VERDICT)
    writer.put(NFTA_VERDICT_CODE, UInt32(bitPattern: code(verdict)))
    if let chain = verdict.chain { writer.put(NFTA_VERDICT_CHAIN, chain.text) }
    writer.endNest(nest)
  }
}
