internal import Nftables
internal import RulesetShape

/// A table that accepts everything and makes the kernel track connections.
///
/// It stands beside the one that is made meanwhile, belongs to the socket that made it, and the kernel removes it with
/// that socket (`NFT_TABLE_F_OWNER`, Linux 5.12), whatever ends the process. Verdicts of tables combine by AND: it
/// opens nothing.
enum TrackingTable {
  static func table(beside own: TableName) -> Table {
    // The mere presence of a `ct` expression registers connection tracking (nft_ct_get_init).
    let state = Expression.conntrack(.state, direction: nil, into: .r1)
    let chains = [Side.input, .forward, .output].map { side in
      Chain(
        name: ChainMeaning.base(side).name, base: BaseChain(hook: side.hook, policy: .accept),
        rules: [Rule([state, .verdict(.accept)], comment: RuleNote.learning.rawValue)])
    }
    return Table(
      family: .inet, name: TableName(checked: "\(own)/learning"), flags: .owner, chains: chains, sets: [])
  }
}
