internal import Addressing
package import Policy

extension GuardStatement {
  /// The tripwires by which a host at one end may come to refuse the other, so that for a time what is to be allowed is not.
  ///
  /// What must not be stays so whoever trips what: other statements have none.
  package func tripwires(_ policy: Policy) -> [Tripwire] {
    guard case .expect(let from, let to, _, allowed: true) = self else { return [] }
    return policy.tripwires.filter { tripwire in
      let counted = policy.counted(by: tripwire)
      let on = Set(policy[tripwire.on].hosts)
      return [(from, to), (to, from)].contains { near, far in
        let cut = counted.intersection(policy[far].addresses)
        // Nobody is cut off from himself.
        return !cut.isEmpty
          && policy[near].hosts.contains { host in
            on.contains(host) && !cut.isSubset(of: AddressSet(policy[host].addresses))
          }
      }
    }
  }
}
