internal import Nftables
internal import RulesetShape

/// A table that accepts everything and makes the kernel track connections.
///
/// It belongs to the socket that made it, and the kernel removes it with that socket
/// (`NFT_TABLE_F_OWNER`, Linux 5.12): whatever ends the process that was about to replace it, no table
/// that accepts everything stays behind under the name of one that denies.
enum TrackingTable {
  static func table(_ family: Family, _ name: TableName) -> Table {
    // The mere presence of a `ct` expression registers connection tracking (nft_ct_get_init).
    let state = Expression.conntrack(.state, direction: nil, into: .r1)
    let chains = [Side.input, .output].map { side in
      Chain(
        name: ChainMeaning.base(side).name, base: BaseChain(hook: side.hook, policy: .accept),
        rules: [Rule([state, .verdict(.accept)], comment: RuleNote.learning.rawValue)])
    }
    return Table(family: family, name: name, flags: .owner, chains: chains, sets: [])
  }
}
