/// What a rule decides (`NF_*`, linux/netfilter.h; `NFT_*`, linux/netfilter/nf_tables.h).
public enum Verdict: Hashable, Sendable {
  case drop
  case accept
  /// Hands the packet to a user space queue; the number and flags as the kernel codes them.
  case queue(UInt32)
  /// Goes on with the next rule.
  case `continue`
  /// Goes back to the rule after the jump; at the end of a base chain, its policy.
  case `return`
  /// Evaluates the chain and comes back.
  case jump(ChainName)
  /// Evaluates the chain and does not come back here.
  case goto(ChainName)

  /// The chain that the verdict leads to.
  public var chain: ChainName? {
    switch self {
    case .jump(let chain), .goto(let chain): chain
    default: nil
    }
  }
}
