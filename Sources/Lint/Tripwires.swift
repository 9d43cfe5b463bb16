internal import Addressing
internal import Policy

extension Lint {
  /// Tripwires that may cut off from a host somebody who logs in there to manage it, because the inventory says itself whom
  /// they spare.
  static func tripwiresThatCutManagement(_ policy: Policy, _ now: Timestamp) -> [Remark] {
    let flows = policy.managementFlows(at: now)
    return policy.tripwires.compactMap { tripwire in
      guard tripwire.spare != nil else { return nil }
      let counted = policy.counted(by: tripwire)
      let on = Set(policy[tripwire.on].hosts)
      guard
        let flow = flows.first(where: { flow in
          flow.parts.contains { part in
            let sources = policy[part.from].addresses.intersection(counted)
            return !sources.isEmpty
              && policy[part.to].hosts.contains { host in
                // Nobody is cut off from himself.
                on.contains(host) && !sources.isSubset(of: AddressSet(policy[host].addresses))
              }
          }
        })
      else { return nil }
      let from = policy[flow.written.from]
      let source = Peers.isDerived(from.name) ? "sources" : "`\(from.name)`"
      return Remark(
        .cutsManagement, tripwire.name, at: tripwire.location,
        "the tripwire `\(tripwire.name)` may cut off \(source) of the flow `\(flow.name)`, by which its hosts are managed",
        help: "add them to `spare`; without the key they are spared, and gateways with them")
    }
  }
}
