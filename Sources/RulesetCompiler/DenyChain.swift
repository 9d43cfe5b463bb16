internal import Nftables
internal import Policy
internal import RulesetShape

/// The chain in which everything ends that is not allowed: it counts knocks where a tripwire is on the host, records who
/// wanted what, then denies or, in observe mode, lets pass.
///
/// The verdict is a rule of its own: a chain's policy alone does not hold while a table is replaced.
struct DenyChain: Sendable {
  let chain: Chain
  let records: RecordChain

  init(_ side: SidePolicy) {
    records = RecordChain(side)
    // Ahead of the records, which leave out what is more than a peer's share.
    let tripwires = side.hasTripwires ? [Rule([.jump(ChainMeaning.tripwire(side.side).name)])] : []
    chain = Chain(
      name: side.denyChain,
      rules: tripwires + [
        Rule([.jump(records.chain.name)]), Rule(side.denial.statements, note: side.denial.note),
      ])
  }
}
